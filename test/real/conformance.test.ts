import { hash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { withAttestation } from '../../src/entry/attestation.ts';
import { parseCertificate } from '../../src/entry/certificate.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { Certificate, ParsedEntry } from '../../src/entry/entry.ts';
import { checkSignature } from '../../src/entry/signature.ts';
import { countEach } from '../support/count-each.ts';
import { expectAgreement, outline, type Compared } from '../support/oracles/agreement.ts';
import {
  bindByHash,
  outlineStatement,
  repositoryOf,
  signedPayload,
  typeOf,
} from '../support/oracles/attestation-oracle.ts';
import { readCorpus, type Attested, type Corpus, type Recorded } from '../support/oracles/corpus.ts';
import { outlineByOthers, type Outline } from '../support/oracles/entry-oracle.ts';
import { holdsByOpenSsl, holdsBySigstore } from '../support/oracles/envelope-oracle.ts';
import { READERS } from '../support/oracles/reader.ts';
import { holdsOverDigest } from '../support/oracles/textbook-signature.ts';
import { readRealCertificates } from '../support/real-certificates.ts';
import { hasRealdata } from '../support/realdata.ts';
import { readRealEntries } from '../support/recorded-entries.ts';

describe.runIf(hasRealdata)('everything in the real data, read by others too', () => {
  let corpus: Corpus;

  beforeAll(() => {
    corpus = readCorpus();
  });

  it('is all there', () => {
    const bodies = new Set(corpus.bodies.map(({ value }) => hash('sha256', value)));
    expect(readRealEntries().filter(({ leaf }) => !bodies.has(hash('sha256', leaf)))).toEqual([]);
    const certificates = new Set(corpus.certificates.map(({ value }) => hash('sha256', value)));
    expect(readRealCertificates().filter(({ der }) => !certificates.has(hash('sha256', der)))).toEqual([]);
    expect({
      bodies: corpus.bodies.length,
      certificates: corpus.certificates.length,
      bundles: corpus.bundles.length,
      attested: corpus.attested.length,
      messages: corpus.messages.length,
    }).toEqual({ bodies: 1738, certificates: 1588, bundles: 374, attested: 289, messages: 49 });
  });

  it('entries: kind, signers with every claim, fingerprint and signature, and artifacts', async () => {
    const compared = await Promise.all(
      corpus.bodies.map(async ({ file, value }) => ({
        file,
        ours: outline(value),
        theirs: await Promise.all(READERS.map((reader) => outlineByOthers(value, reader))),
      })),
    );
    const derived = new Set(readRealEntries().map(({ leaf }) => hash('sha256', leaf)));
    const ofPublicLogs = corpus.bodies.map(({ value }) => derived.has(hash('sha256', value)));
    expectAgreement(
      'entries of derived/entries.jsonl',
      '2 libraries',
      compared.filter((_, place) => ofPublicLogs[place] === true),
    );
    expectAgreement('entries of all files', '2 libraries', compared);
    const kinds = corpus.bodies.map(({ value }) => kindOf(outline(value)));
    expect(countEach(kinds)).toEqual({
      'hashedrekord 0.0.1': 110,
      'hashedrekord 0.0.2': 937,
      'dsse 0.0.1': 166,
      'dsse 0.0.2': 345,
      'intoto 0.0.1': 27,
      'intoto 0.0.2': 118,
      'rekord 0.0.1': 16,
      'rpm 0.0.1': 2,
      'alpine 0.0.1': 1,
      'helm 0.0.1': 2,
      'jar 0.0.1': 2,
      'rfc3161 0.0.1': 2,
      'cose 0.0.1': 3,
      'tuf 0.0.1': 3,
      // Broken on purpose: test/real/known-bad.test.ts says how.
      none: 4,
    });
  });

  it('certificates: key, times, purpose, names, and every extension', () => {
    const compared = corpus.certificates.map(({ file, value }) => ({
      file,
      ours: legible(parseCertificate(value)),
      theirs: READERS.map((reader) => legible(reader.certificate(value))),
    }));
    expectAgreement('certificates', '2 libraries', compared);
  });

  it('attestations: whether they are what was signed, and what they say', () => {
    const compared = corpus.attested.flatMap(({ file, value }) => {
      const entry = attestedEntry(value);
      return entry === null ? [] : [{ file, ours: outlineAttested(entry), theirs: [attestedByOthers(value)] }];
    });
    expectAgreement('attestations', 'their hashes and their JSON', compared);
    const sources = corpus.attested.flatMap(compareSource);
    expect(sources.length).toBeGreaterThan(50);
    expectAgreement('sources of builds', 'their JSON', sources);
  });

  it('signatures over what stands in a DSSE envelope', () => {
    const compared = corpus.attested.flatMap(compareEnvelope);
    expectAgreement('signatures of envelopes', '@sigstore/verify and OpenSSL', compared);
    expect(countEach(compared.map(({ ours }) => String(ours)))).toEqual({
      verified: 248,
      invalid: 1,
      'not-checkable': 23,
    });
  });

  it('signatures over the digest of a message', () => {
    const compared = corpus.messages.flatMap(compareMessage);
    expectAgreement('signatures of messages', 'the textbook', compared);
    expect(countEach(compared.map(({ ours }) => String(ours)))).toEqual({ verified: 45, invalid: 1 });
  });
});

function kindOf(read: Outline | null): string {
  return read === null ? 'none' : `${read.kind} ${read.apiVersion}`;
}

function legible(certificate: Certificate): unknown {
  return { ...certificate, der: certificate.der.toString('hex'), spki: certificate.spki.toString('hex') };
}

/** Null for an entry that cannot be read. */
function attestedEntry({ body, payload, payloadType }: Attested): ParsedEntry | null {
  const decoded = decodeEntry(body);
  return decoded.ok ? withAttestation(decoded.entry, { payload, payloadType }) : null;
}

/** What Rekor records and the statement says; the sources of a build are compared by themselves. */
function outlineAttested({ attestation, attestationProblem, artifacts, claims }: ParsedEntry): unknown {
  const missing = attestationProblem === null ? 'nothing to hold it against' : 'another';
  const said = Object.entries(claims).filter(([claim]) => claim !== 'source_uri' && claim !== 'source_sha');
  return {
    state: attestation === null ? missing : 'bound',
    artifacts: [...artifacts].sort(),
    claims: Object.fromEntries(said),
  };
}

function attestedByOthers(attested: Attested): unknown {
  const own = outline(attested.body)?.artifacts ?? [];
  const state = bindByHash(attested, own);
  const statement = state === 'bound' ? outlineStatement(signedPayload(attested)) : null;
  const payload = state === 'bound' ? [`sha256:${hash('sha256', signedPayload(attested))}`] : [];
  const artifacts = new Set([...own, ...payload, ...(statement?.subjects ?? [])]);
  return { state, artifacts: [...artifacts].sort(), claims: statement?.claims ?? {} };
}

/** Provenance may name sources beside the one that it calls so: test/real/provenance.test.ts. */
function compareSource({ file, value }: Recorded<Attested>): readonly Compared[] {
  const { claims = {}, attestation = null } = attestedEntry(value) ?? {};
  const source = attestation === null ? null : (outlineStatement(signedPayload(value))?.source ?? null);
  if (source === null) {
    return [];
  }
  const repositories = (claims['source_uri'] ?? []).map(repositoryOf);
  const commits = claims['source_sha'] ?? [];
  const ours = {
    repository: repositories.find((each) => each === source.repository),
    commit: commits.find((each) => each === source.commit),
  };
  return [{ file, ours, theirs: [source] }];
}

/** Of each signature of an entry what it is over the payload beside it. */
function compareEnvelope({ file, value }: Recorded<Attested>): readonly Compared[] {
  const entry = attestedEntry(value);
  return (entry?.signers ?? []).flatMap((signer) =>
    entry === null || signer.spki === null || signer.signature === null
      ? []
      : [{ file, ours: checkSignature(entry, signer), theirs: envelopeByOthers(value, signer.spki, signer.signature) }],
  );
}

function envelopeByOthers(attested: Attested, spki: Buffer, signature: Buffer): readonly string[] {
  const { kind, apiVersion, artifacts = [] } = outline(attested.body) ?? {};
  const [artifact = ''] = artifacts;
  if (bindByHash(attested, artifacts) === 'bound') {
    const signed = { payloadType: typeOf(attested), payload: attested.payload, signature, spki };
    // Only this kind records the type of the payload, which is signed too: else another one may have been.
    const otherwise = `${kind ?? ''} ${apiVersion ?? ''}` === 'intoto 0.0.2' ? 'invalid' : 'not-checkable';
    return [holdsBySigstore, holdsByOpenSsl].map((holds) => (holds(signed) ? 'verified' : otherwise));
  }
  return [kind === 'hashedrekord' ? verdictOf(holdsOverDigest(spki, digestIn(artifact), signature)) : 'not-checkable'];
}

function compareMessage({ file, value }: Recorded<Buffer>): readonly Compared[] {
  const decoded = decodeEntry(value);
  return (decoded.ok ? decoded.entry.signers : []).flatMap((signer) => {
    const { spki, signature } = signer;
    const [artifact = ''] = decoded.ok ? decoded.entry.artifacts : [];
    if (!decoded.ok || spki === null || signature === null) {
      return [];
    }
    const theirs = [verdictOf(holdsOverDigest(spki, digestIn(artifact), signature))];
    return [{ file, ours: checkSignature(decoded.entry, signer), theirs }];
  });
}

/** Of `sha256:hex`. */
function digestIn(artifact: string): Buffer {
  return Buffer.from(artifact.slice(artifact.indexOf(':') + 1), 'hex');
}

function verdictOf(holds: boolean): string {
  return holds ? 'verified' : 'invalid';
}
