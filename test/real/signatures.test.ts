import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { ParsedEntry, Signer } from '../../src/entry/entry.ts';
import { checkSignature } from '../../src/entry/signature.ts';
import { countEach } from '../support/count-each.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { readRealEntries } from '../support/recorded-entries.ts';
import { readRecordedRekorV2, splitBundle } from '../support/recorded-rekor-v2.ts';

/** Recorded logs, and what is signed there how often. */
const SOURCES: readonly (readonly [string, () => readonly Buffer[], Readonly<Record<string, number>>])[] = [
  [
    'the public instances',
    // Without the one that shows itself invalid (test/entry/real-entries.test.ts): its key was exchanged.
    () => readRealEntries().flatMap(({ file, leaf }) => (file.includes('incorrect-public-key_fail') ? [] : [leaf])),
    { 'prime256v1 sha256': 49, 'secp384r1 sha256': 11 },
  ],
  [
    'the Rekor v2 server',
    () => readRecordedRekorV2().map(({ leaf }) => leaf),
    {
      'prime256v1 sha256': 844,
      'secp384r1 sha384': 13,
      'secp521r1 sha512': 3,
      'ed25519 sha512': 7,
      'rsa-2048 sha256': 14,
    },
  ],
  [
    'the Rekor v1 server',
    () => bodiesOf('servers/rekor-v1/bodies'),
    {
      'prime256v1 sha256': 17,
      'secp384r1 sha384': 1,
      'secp521r1 sha512': 1,
      'ed25519 sha512': 1,
      'rsa-2048 sha256': 1,
      'rsa-4096 sha256': 1,
    },
  ],
  ['flux', () => systemOf('flux'), { 'prime256v1 sha256': 19 }],
  ['tekton', () => systemOf('tekton'), { 'prime256v1 sha256': 12 }],
  ['argo-cd', () => systemOf('argo-cd'), { 'prime256v1 sha256': 18 }],
  ['aks', () => systemOf('aks'), { 'prime256v1 sha256': 20 }],
];

describe.runIf(hasRealdata).each(SOURCES)('checkSignature() on every hashedrekord of %s', (_, read, algorithms) => {
  const signed = hasRealdata ? read().flatMap(signedBy) : [];

  it('finds each to hold', () => {
    expect(countEach(signed.map(({ signer, entry }) => algorithmOf(signer, entry)))).toEqual(algorithms);
    expect(signed.filter(({ entry, signer }) => checkSignature(entry, signer) !== 'verified')).toEqual([]);
  });

  it('finds none to hold over another digest', () => {
    const verdicts = signed.map(({ entry, signer, digest }) =>
      checkSignature({ ...entry, signedDigest: { ...digest, value: flipped(digest.value, 0) } }, signer),
    );
    expect(countEach(verdicts)).toEqual({ invalid: signed.length });
  });

  it('finds none to hold when a bit of the signature is another', () => {
    const verdicts = signed.flatMap(({ entry, signer, signature }) =>
      // Of ECDSA and Ed25519 the first lies in R, the second in S.
      [0.25, 0.75].map((part) =>
        checkSignature(entry, { ...signer, signature: flipped(signature, Math.floor(signature.length * part)) }),
      ),
    );
    expect(countEach(verdicts)).toEqual({ invalid: 2 * signed.length });
  });
});

interface Signed {
  readonly entry: ParsedEntry;
  readonly signer: Signer;
  readonly digest: NonNullable<ParsedEntry['signedDigest']>;
  readonly signature: Buffer;
}

/** The signers of an entry that records what they signed; none for one that cannot be read. */
function signedBy(leaf: Buffer): readonly Signed[] {
  const decoded = decodeEntry(leaf);
  const { signedDigest: digest = null, signers = [] } = decoded.ok ? decoded.entry : {};
  return signers.flatMap((signer) =>
    decoded.ok && decoded.entry.kind === 'hashedrekord' && digest !== null && signer.signature !== null
      ? [{ entry: decoded.entry, signer, digest, signature: signer.signature }]
      : [],
  );
}

function algorithmOf({ spki }: Signer, { signedDigest }: ParsedEntry): string {
  const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({
    key: spki ?? Buffer.alloc(0),
    format: 'der',
    type: 'spki',
  });
  const modulus = asymmetricKeyDetails?.modulusLength;
  const curve = asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? '';
  return `${modulus === undefined ? curve : `${curve}-${modulus}`} ${signedDigest?.algorithm ?? ''}`;
}

function systemOf(system: string): readonly Buffer[] {
  const recorded = `systems/${system}/recorded`;
  const size = readFileSync(realdata(`${recorded}/v2/log/checkpoint`), 'utf8').split('\n')[1] ?? '';
  const bundle = readFileSync(realdata(`${recorded}/v2/log/tile/entries/000.p/${size}`));
  return [...bodiesOf(`${recorded}/v1/bodies`), ...splitBundle(bundle)];
}

function bodiesOf(folder: string): readonly Buffer[] {
  return readdirSync(realdata(folder)).map((name) => readFileSync(realdata(`${folder}/${name}`)));
}

/** Other bytes: one bit at `at` is changed. */
function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}
