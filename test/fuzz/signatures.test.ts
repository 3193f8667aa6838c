import { generateKeyPairSync, hash, sign, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNATTESTED } from '../../src/entry/attestation.ts';
import type { ParsedEntry, SignatureVerdict, Signer } from '../../src/entry/entry.ts';
import { IN_TOTO_TYPE, preAuthEncoding } from '../../src/entry/pae.ts';
import { checkSignature } from '../../src/entry/signature.ts';
import { TIMEOUT_MS, run, tapes } from './campaign.ts';
import { copyTree, encodeTree, nodesIn, parseTree } from './der-tree.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateDer } from './mutate-der.ts';
import { oddKeys } from './odd-keys.ts';
import { Tape } from './tape.ts';

/* A signature has one spelling. See bodies.test.ts for how to run a long campaign. */

const PAYLOAD = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');
const MESSAGE = preAuthEncoding(IN_TOTO_TYPE, PAYLOAD);

const KEYS: Readonly<Record<string, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>> = {
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  RSA: generateKeyPairSync('rsa', { modulusLength: 1024 }),
};

/** Over the digest that an entry records, and over an envelope. */
const WAYS: Readonly<Record<string, (signer: Signer) => SignatureVerdict>> = {
  'a digest': (signer) =>
    checkSignature(
      { ...entryOf(signer), signedDigest: { algorithm: 'sha256', value: hash('sha256', MESSAGE, 'buffer') } },
      signer,
    ),
  'an envelope': (signer) =>
    checkSignature(
      {
        ...entryOf(signer),
        payload: { digest: null, type: IN_TOTO_TYPE },
        attestation: { payload: PAYLOAD, payloadType: IN_TOTO_TYPE, statement: null },
      },
      signer,
    ),
};

const CASES = Object.keys(KEYS).flatMap((name) => Object.keys(WAYS).map((way) => [name, way] as const));

describe('a signature', () => {
  it.each(CASES.filter(([name]) => name !== 'RSA'))('of %s over %s is good in its one spelling', (name, way) => {
    const signature = signatureOf(name);
    expect(verdictOf(name, way, signature)).toBe('verified');
    const others = otherSpellings(signature).map((spelling) => verdictOf(name, way, spelling));
    expect(others.length).toBeGreaterThan(10);
    expect(new Set(others)).toEqual(new Set(['invalid']));
  });

  it.each(CASES)('of %s over %s is good only as it is', (name, way) => {
    const signature = signatureOf(name);
    fc.assert(
      fc.property(tapes(1), ({ numbers }) => {
        const changed = mutateBytes(signature, new Tape(numbers));
        return changed.equals(signature) || verdictOf(name, way, changed) === 'invalid';
      }),
      { numRuns: 100 },
    );
  });

  it(
    'signatures: are never good when they are changed',
    async () => {
      const genuine = CASES.map(([name, way]) => ({ name, way, signature: signatureOf(name) }));
      await run({
        name: 'signatures',
        few: 500,
        share: 0.01,
        inputs: tapes(CASES.length).map(({ which, numbers }) => {
          const tape = new Tape(numbers);
          const { name = '', way = '', signature = Buffer.alloc(0) } = genuine[which] ?? {};
          return { name, way, signature, changed: mutateDer(signature, tape, null) };
        }),
        examine: ({ name, way, signature, changed }) =>
          verdictOf(name, way, changed) === 'verified' && !changed.equals(signature)
            ? 'a changed signature is verified'
            : null,
        // The keys are others in each run, so that the number of a case is not enough to have it again.
        show: ({ name, way, signature, changed }) =>
          JSON.stringify({
            ...{ way, signature: signature.toString('hex'), changed: changed.toString('hex') },
            key: KEYS[name]?.publicKey.export({ format: 'jwk' }),
          }),
      });
    },
    TIMEOUT_MS,
  );
});

describe('a key', () => {
  const keys = oddKeys();
  // As long as those of RSA, so that each is looked at.
  const signatures = [64, 70, 72, 104, 128, 384].map((length) => Buffer.alloc(length, 0x30));

  it(
    'keys: are used or refused, and never end the process',
    async () => {
      await run({
        name: 'keys',
        few: 2000,
        share: 0.03,
        inputs: tapes(keys.length).map(({ which, numbers }) => {
          const tape = new Tape(numbers);
          const signature = tape.pick(signatures) ?? Buffer.alloc(0);
          let spki = keys[which % keys.length] ?? Buffer.alloc(0);
          for (let left = tape.below(3); left > 0; left--) {
            spki = mutateDer(spki, tape, tape.pick(keys) ?? null);
          }
          return { spki, signature };
        }),
        examine: ({ spki, signature }) => {
          const signer: Signer = { ...NOBODY, spki, signature };
          return Object.values(WAYS).some((check) => check(signer) === 'verified')
            ? 'a signature is verified that nobody made'
            : null;
        },
        show: ({ spki, signature }) =>
          JSON.stringify({ spki: spki.toString('hex'), signature: signature.toString('hex') }),
      });
    },
    TIMEOUT_MS,
  );
});

/** The same two numbers, written otherwise. */
function otherSpellings(signature: Buffer): readonly Buffer[] {
  const root = parseTree(signature);
  if (root === null) {
    throw new Error('Cannot read a signature of our own');
  }
  const reshaped = nodesIn(root).flatMap((_, place) =>
    (['overlong', 'open', 'zero', 'set'] as const).map((shape) => {
      const copy = copyTree(root);
      const node = nodesIn(copy)[place];
      if (node !== undefined && shape === 'zero') {
        // A leading zero, which in the whole is one that stands before the first number.
        node.head = Buffer.of(0);
      } else if (node !== undefined && shape === 'set') {
        node.tag += 1;
      } else if (node !== undefined) {
        node.length = shape === 'open' ? 'open' : 'overlong';
      }
      return encodeTree(copy);
    }),
  );
  const numbers = root.children?.map(({ content }) => content.subarray(content[0] === 0 ? 1 : 0)) ?? [];
  return [...reshaped, Buffer.concat([signature, Buffer.of(0)]), Buffer.concat(numbers)];
}

function signatureOf(name: string): Buffer {
  const keys = KEYS[name];
  if (keys === undefined) {
    throw new Error(`Cannot find a key of ${name}`);
  }
  return sign('sha256', MESSAGE, keys.privateKey);
}

const NOBODY = { type: 'public-key', fingerprint: '', claims: {}, certificate: null } as const;

function verdictOf(name: string, way: string, signature: Buffer): SignatureVerdict | undefined {
  const spki = KEYS[name]?.publicKey.export({ type: 'spki', format: 'der' }) ?? null;
  return WAYS[way]?.({ ...NOBODY, spki, signature });
}

function entryOf(signer: Signer): ParsedEntry {
  return {
    ...{ kind: 'intoto', apiVersion: '0.0.2', signers: [signer], artifacts: [], signedDigest: null, payload: null },
    ...UNATTESTED,
    unread: false,
  };
}
