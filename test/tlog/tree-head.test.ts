import { generateKeyPairSync, hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalLog } from '../../src/demo/local-log.ts';
import { CheckpointRefused, openCheckpoint } from '../../src/tlog/checkpoint.ts';
import { parseHash, sha256 } from '../../src/tlog/hash.ts';
import { parseNote, verifyNote } from '../../src/tlog/note.ts';
import { treeHeadKey, treeHeadNote, treeHeadTime, withoutForeignLines } from '../../src/tlog/tree-head.ts';
import { FakeCt } from '../fakes/fake-ct.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

const ORIGIN = 'ct.test/2026';
const ROOT = sha256(Buffer.from('some tree'));
const TIME = 1_700_000_000_123;
const log = new FakeCt('static-ct', { origin: ORIGIN });
const rsaLog = new FakeCt('static-ct', { origin: ORIGIN, keyType: 'rsa' });
const claims = { size: 5, root: ROOT, timestamp: TIME };

const verdict = (note: string, key = log.key) => verifyNote(parseNote(note), [key]);

describe('treeHeadKey()', () => {
  it.each([
    ['ECDSA on P-256', log],
    ['RSA', rsaLog],
  ])('verifies a tree head signed with %s, by its own key only', (_, signer) => {
    const note = signer.head(claims);
    expect(verdict(note, signer.key)).toBe('verified');
    expect(verdict(note, signer === log ? rsaLog.key : log.key)).toBe('unknown-key');
  });

  it('has the ID of c2sp.org/static-ct-api', () => {
    const material = Buffer.concat([Buffer.from(`${ORIGIN}\n\x05`), sha256(log.spki)]);
    expect(log.key.id.toString('hex')).toBe(hash('sha256', material, 'hex').slice(0, 8));
  });

  it('does not verify another size, root or time, or a tampered signature', () => {
    // Signed once: signatures of ECDSA are of several lengths.
    const signed = log.signHead(claims);
    const note = log.head(claims, { signature: () => signed });
    const altered = [
      note.replace('\n5\n', '\n6\n'),
      note.replace(ROOT.toString('base64'), sha256(ROOT).toString('base64')),
      ...Array.from(signed, (_, place) => log.head(claims, { signature: () => flipped(signed, place) })),
      log.head(claims, { signature: (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]) }),
      log.head(claims, { signature: (bytes) => bytes.subarray(0, -1) }),
      log.head(claims, { signature: () => Buffer.alloc(1) }),
    ];
    expect(altered.map((other) => verdict(other))).toEqual(altered.map(() => 'invalid'));
  });

  it('does not verify what the signature does not cover', () => {
    const [text = '', line = ''] = log.head(claims).split('\n\n');
    expect(verdict(`${text}\nan extension line\n\n${line}`)).toBe('invalid');
    expect(verdict(`no checkpoint\n\n${line}`)).toBe('invalid');
  });

  it('leaves it to the opener to compare the origin', () => {
    const note = log.head(claims, { origin: 'other.test' });
    expect(verdict(note)).toBe('verified');
    const open = () => openCheckpoint(note, { origin: ORIGIN, keys: [log.key] });
    expect(open).toThrow(CheckpointRefused);
    expect(open).toThrow('Cannot accept a checkpoint of "other.test": expected one of "ct.test/2026"');
  });

  it('never throws for whatever stands in a signature', () => {
    const text = Buffer.from(`${ORIGIN}\n5\n${ROOT.toString('base64')}\n`);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(log.key.verify(text, Buffer.from(bytes))).toBe(false);
        expect(log.key.verify(Buffer.from(bytes), log.signHead(claims))).toBe(false);
      }),
    );
  });

  it.each([
    ['another curve', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey, 'secp384r1'],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey, 'ed25519'],
  ])('refuses a key of %s', (_, publicKey, found) => {
    expect(() => treeHeadKey('log', publicKey.export({ type: 'spki', format: 'der' }))).toThrow(
      new SyntaxError(`Cannot use the ${found} key of "log": expected ECDSA on P-256 or RSA`),
    );
  });

  it.each(['', 'two words', 'a+b'])('refuses the name "%s"', (name) => {
    expect(() => treeHeadKey(name, log.spki)).toThrow(SyntaxError);
  });
});

describe('treeHeadNote()', () => {
  const signed = log.signHead(claims);
  const head = { ...claims, signature: signed.subarray(8) };

  it('makes the note that a static-ct log would sign', () => {
    expect(treeHeadNote(ORIGIN, head, [log.key])).toBe(log.head(claims, { signature: () => signed }));
  });

  it('names the key that verifies it', () => {
    const note = treeHeadNote(ORIGIN, head, [rsaLog.key, log.key]);
    expect(openCheckpoint(note, { origin: ORIGIN, keys: [rsaLog.key, log.key] })).toMatchObject({
      origin: ORIGIN,
      size: 5,
      root: ROOT,
    });
  });

  it('makes a note that does not verify of a head that nobody signed', () => {
    const note = treeHeadNote(ORIGIN, { ...head, size: 6 }, [rsaLog.key, log.key]);
    expect(verifyNote(parseNote(note), [rsaLog.key, log.key])).toBe('invalid');
  });
});

describe('treeHeadTime()', () => {
  const open = (note: string) => openCheckpoint(note, { origin: ORIGIN, keys: [log.key] });
  const lineOf = (note: string) => note.slice(note.indexOf('\n\n') + 2);

  it('gives the time that the log signed', () => {
    expect(treeHeadTime(open(log.head(claims)))).toEqual(new Date(TIME));
  });

  it('gives none for a log of another kind', () => {
    const other = new LocalLog('log.test');
    const checkpoint = openCheckpoint(other.checkpoint, { origin: 'log.test', keys: [other.key] });
    expect(treeHeadTime(checkpoint)).toBeNull();
  });

  it('gives none where somebody added a line to the note of a log of another kind', () => {
    const other = new LocalLog('log.test');
    const added = new FakeCt('static-ct', { origin: 'log.test' }).head(claims);
    for (const note of [other.checkpoint + lineOf(added), other.checkpoint.replace('\n\n', `\n\n${lineOf(added)}`)]) {
      expect(treeHeadTime(openCheckpoint(note, { origin: 'log.test', keys: [other.key] }))).toBeNull();
    }
  });

  it('gives none for a time that is none', () => {
    const never = 2 ** 53 - 1;
    expect(treeHeadTime(open(log.head({ ...claims, timestamp: never })))).toBeNull();
  });
});

describe('withoutForeignLines()', () => {
  const stranger = new FakeCt('static-ct', { origin: ORIGIN });
  const note = log.head(claims);
  const [text = '', own = ''] = note.split(/(?<=\n\n)/);
  const [, foreign = ''] = stranger.head({ ...claims, timestamp: TIME + 1 }).split(/(?<=\n\n)/);
  const witness = '— witness.test AAAAAAAA\n';

  it('takes out what stands under the name of the log and is of no key of it', () => {
    const cleaned = withoutForeignLines(`${text}${foreign}${witness}${own}${foreign}`, [log.key]);
    expect(cleaned).toBe(`${text}${witness}${own}`);
    expect(treeHeadTime(openCheckpoint(cleaned, { origin: ORIGIN, keys: [log.key] }))).toEqual(new Date(TIME));
  });

  it.each([
    ['a note of strangers only', `${text}${foreign}${witness}`],
    ['what is no note', 'Not Found\n'],
    ['nothing', ''],
  ])('leaves %s as it is', (_, other) => {
    expect(withoutForeignLines(other, [log.key])).toBe(other);
  });
});

describe.runIf(hasRealdata)('treeHeadKey() on recorded logs', () => {
  it('verifies the checkpoint of a Sunlight log', () => {
    const folder = 'tiles/FiloSottile__sunlight/cmd/skylight/testdata/tree';
    const { key, final_tree_head } = JSON.parse(readFileSync(realdata(`${folder}/log.v3.json`), 'utf8')) as {
      readonly key: string;
      readonly final_tree_head: { readonly timestamp: number; readonly sha256_root_hash: string };
    };
    const origin = 'rome2026h1.example.org';
    const note = readFileSync(realdata(`${folder}/checkpoint`), 'utf8');
    const keys = [treeHeadKey(origin, Buffer.from(key, 'base64'))] as const;
    const checkpoint = openCheckpoint(note, { origin, keys });
    expect(checkpoint).toMatchObject({
      size: 300,
      root: parseHash(final_tree_head.sha256_root_hash, 'base64'),
      note,
    });
    expect(treeHeadTime(checkpoint)).toEqual(new Date(final_tree_head.timestamp));
  });

  it('refuses the same key under another name, by its ID', () => {
    const folder = 'tiles/FiloSottile__sunlight/cmd/skylight/testdata/tree';
    const { key } = JSON.parse(readFileSync(realdata(`${folder}/log.v3.json`), 'utf8')) as { readonly key: string };
    const note = readFileSync(realdata(`${folder}/checkpoint`), 'utf8');
    expect(verifyNote(parseNote(note), [treeHeadKey('other.example.org', Buffer.from(key, 'base64'))])).toBe(
      'unknown-key',
    );
  });
});

/** One bit of one byte changed. */
function flipped(bytes: Buffer, place: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(place) ^ 1, place);
  return copy;
}
