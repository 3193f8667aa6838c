import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dsseV1, hashedRekordV2 } from '../../src/demo/entries.ts';
import { hasWrongAttestation, UNATTESTED, withAttestation } from '../../src/entry/attestation.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { ParsedEntry, PayloadReference } from '../../src/entry/entry.ts';
import { IN_TOTO_TYPE, preAuthEncoding } from '../../src/entry/pae.ts';
import { certify, STRANGER } from '../support/actors.ts';
import {
  BUILDER,
  coseSign1,
  coseV001,
  intotoV001,
  intotoV002,
  provenanceV1,
  WIDGET_DIGEST,
} from '../support/attested-entries.ts';

const signer = certify(STRANGER);
const payload = provenanceV1();
const other = provenanceV1({ builder: 'https://evil.example/builder' });
const sha256 = (bytes: Buffer) => `sha256:${hash('sha256', bytes, 'hex')}`;

function decoded(leaf: Buffer): ParsedEntry {
  const result = decodeEntry(leaf);
  if (!result.ok) {
    throw new Error(result.problem);
  }
  return result.entry;
}

/** An entry of which nothing counts but what it records of its payload. */
function recording(reference: PayloadReference | null, changes: Partial<ParsedEntry> = {}): ParsedEntry {
  const nothing = { kind: 'dsse', apiVersion: '0.0.1', signers: [], artifacts: [], signedDigest: null, unread: false };
  return { ...nothing, ...UNATTESTED, payload: reference, ...changes };
}

const referenceTo = (bytes: Buffer, type: string | null = null): PayloadReference => ({
  digest: { algorithm: 'sha256', value: hash('sha256', bytes, 'buffer') },
  type,
});

const BOUND = {
  artifacts: [sha256(payload), `sha256:${WIDGET_DIGEST}`],
  claims: {
    predicate_type: ['https://slsa.dev/provenance/v1'],
    subject_name: ['registry.example/acme/widget'],
    slsa_builder: [BUILDER],
    build_type: ['https://tekton.dev/chains/v2/slsa'],
    source_uri: ['git+https://git.example/acme/widget.git'],
    source_sha: ['0123456789abcdef0123456789abcdef01234567'],
  },
  attestationProblem: null,
};

describe('withAttestation()', () => {
  it.each([
    ['intoto 0.0.1', intotoV001({ ...signer, payload }), null],
    ['intoto 0.0.2', intotoV002({ signers: [signer], payload }), IN_TOTO_TYPE],
    ['dsse 0.0.1', dsseV1({ signers: [signer], payload }), null],
  ])('binds what hashes to what %s records', (_, leaf, payloadType) => {
    const entry = withAttestation(decoded(leaf), { payload, payloadType: null });
    expect(entry).toMatchObject(BOUND);
    expect(entry.attestation).toMatchObject({ payload, payloadType });
    expect(hasWrongAttestation(entry)).toBe(false);
  });

  it.each([
    ['intoto 0.0.1', intotoV001({ ...signer, payload })],
    ['intoto 0.0.2', intotoV002({ signers: [signer], payload })],
    ['dsse 0.0.1', dsseV1({ signers: [signer], payload })],
    ['cose 0.0.1', coseV001({ ...signer, payload })],
  ])('believes nothing that hashes to something else than %s records', (_, leaf) => {
    const before = decoded(leaf);
    const entry = withAttestation(before, { payload: other, payloadType: null });
    expect(entry).toEqual({
      ...before,
      attestationProblem: `The attestation served hashes to ${sha256(other)}, expected ${sha256(payload)}`,
    });
    expect(hasWrongAttestation(entry)).toBe(true);
  });

  it('binds an envelope that was logged as hashedrekord, by its pre-authentication encoding', () => {
    const artifact = preAuthEncoding(IN_TOTO_TYPE, payload);
    const entry = withAttestation(decoded(hashedRekordV2({ ...signer, artifact })), { payload, payloadType: null });
    expect(entry).toMatchObject({ ...BOUND, artifacts: [sha256(artifact), ...BOUND.artifacts] });
    expect(entry.attestation?.payloadType).toBe(IN_TOTO_TYPE);
  });

  it('takes no signed file that happens to be a statement for a signed statement', () => {
    const before = decoded(hashedRekordV2({ ...signer, artifact: payload }));
    const entry = withAttestation(before, { payload, payloadType: null });
    const encoded = preAuthEncoding(IN_TOTO_TYPE, payload);
    const problem = `The attestation served hashes to ${sha256(encoded)}, expected ${sha256(payload)}`;
    expect(entry).toEqual({ ...before, attestationProblem: problem });
  });

  it('binds an envelope of another type only under that type, and reads no statement in it', () => {
    const artifact = preAuthEncoding('text/plain', payload);
    const before = decoded(hashedRekordV2({ ...signer, artifact }));
    expect(withAttestation(before, { payload, payloadType: null }).attestation).toBeNull();
    const entry = withAttestation(before, { payload, payloadType: 'text/plain' });
    expect(entry).toMatchObject({ claims: {}, attestation: { payloadType: 'text/plain', statement: null } });
    expect(entry.artifacts).toEqual([sha256(artifact), sha256(payload)]);
  });

  it('goes by the type that the entry records, whatever comes with the payload', () => {
    const leaf = intotoV002({ signers: [signer], payload, payloadType: 'text/plain' });
    const entry = withAttestation(decoded(leaf), { payload, payloadType: IN_TOTO_TYPE });
    expect(entry.attestation).toMatchObject({ payloadType: 'text/plain', statement: null });
  });

  it('finds the payload in a COSE_Sign1 message', () => {
    const message = coseSign1(payload);
    const entry = withAttestation(decoded(coseV001({ ...signer, payload })), { payload: message, payloadType: null });
    expect(entry).toMatchObject(BOUND);
    expect(entry.attestation?.payload).toEqual(payload);
    // Only there: nothing of a DSSE payload is unwrapped.
    const dsse = withAttestation(decoded(dsseV1({ signers: [signer], payload })), {
      payload: message,
      payloadType: null,
    });
    expect(hasWrongAttestation(dsse)).toBe(true);
  });

  it('binds what is no statement, without claims', () => {
    const text = Buffer.from('hello');
    const entry = withAttestation(recording(referenceTo(text)), { payload: text, payloadType: null });
    expect(entry).toMatchObject({
      artifacts: [sha256(text)],
      claims: {},
      attestation: { payload: text, statement: null },
    });
  });

  it('neither believes nor blames where the entry records no hash', () => {
    const old = decoded(intotoV001({ ...signer, payload, payloadHash: false }));
    expect(old.payload).toEqual({ digest: null, type: null });
    expect(withAttestation(old, { payload, payloadType: null })).toBe(old);
    const none = recording(null);
    expect(withAttestation(none, { payload, payloadType: null })).toBe(none);
  });

  it('keeps the attestation that an entry has', () => {
    const entry = withAttestation(recording(referenceTo(payload)), { payload, payloadType: null });
    expect(withAttestation(entry, { payload: other, payloadType: null })).toBe(entry);
  });

  it('binds the right one after a wrong one', () => {
    const wrong = withAttestation(recording(referenceTo(payload)), { payload: other, payloadType: null });
    expect(withAttestation(wrong, { payload, payloadType: null })).toMatchObject(BOUND);
  });

  it('keeps 10,000 digests, the entry’s own first, and says how many there were', () => {
    const digest = (number: number) => number.toString(16).padStart(64, '0');
    const subjects = Object.fromEntries(
      Array.from({ length: 10_500 }, (_, number) => [`file ${number}`, digest(number)]),
    );
    const many = provenanceV1({ subjects });
    const entry = withAttestation(recording(referenceTo(many), { artifacts: ['sha256:first'] }), {
      payload: many,
      payloadType: null,
    });
    expect(entry.artifacts).toHaveLength(10_000);
    expect(entry.artifacts.slice(0, 3)).toEqual(['sha256:first', sha256(many), `sha256:${digest(0)}`]);
    expect(entry.attestationProblem).toBe(
      "The attestation names so many digests that only 10000 of the entry's 10502 are kept",
    );
    expect(hasWrongAttestation(entry)).toBe(false);
    // So that no rule over names holds by those that are left out.
    expect(entry.claims['subject_name']?.slice(-2)).toEqual(['file 9999', '(and 500 more)']);
  });

  it('looks at no more than 8 MiB', () => {
    const large = Buffer.alloc(8 * 1024 * 1024 + 1, ' ');
    const entry = withAttestation(recording(referenceTo(large)), { payload: large, payloadType: null });
    expect(entry).toMatchObject({
      attestation: null,
      attestationProblem: 'The attestation served has 8388609 bytes, expected at most 8388608',
    });
  });

  it('binds every payload to its own hash and no other', () => {
    const references = fc.constantFrom<'sha256' | 'sha384' | 'sha512'>('sha256', 'sha384', 'sha512');
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), references, fc.boolean(), (a, b, algorithm, encoded) => {
        const [right, wrong] = [Buffer.from(a), Buffer.from(b)];
        const bytes = encoded ? preAuthEncoding(IN_TOTO_TYPE, right) : right;
        const digest = { algorithm, value: hash(algorithm, bytes, 'buffer') };
        const entry = recording(encoded ? null : { digest, type: null }, { signedDigest: encoded ? digest : null });
        expect(withAttestation(entry, { payload: right, payloadType: null }).attestation?.payload).toEqual(right);
        expect(hasWrongAttestation(withAttestation(entry, { payload: wrong, payloadType: null }))).toBe(
          !wrong.equals(right),
        );
      }),
    );
  });
});
