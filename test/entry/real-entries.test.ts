import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { DecodedEntry, ParsedEntry, Signer } from '../../src/entry/entry.ts';
import { checkSignature } from '../../src/entry/signature.ts';
import { countEach } from '../support/count-each.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { readRealEntries, type RealEntry } from '../support/recorded-entries.ts';
import { readRecordedRekorV2 } from '../support/recorded-rekor-v2.ts';

describe.runIf(hasRealdata)('decodeEntry() on entries of the public logs', () => {
  const entries = hasRealdata ? readRealEntries() : [];
  const decoded = entries.map((entry) => ({ entry, result: decodeEntry(entry.leaf) }));

  it('reads every kind there is', () => {
    const read = decoded.map(({ entry, result }) => `${entry.kind}: ${outline(result)}`);
    expect(countEach(read)).toEqual({
      'hashedrekord 0.0.1: 1 signer': 40,
      'hashedrekord 0.0.1: unparsable': 2,
      'hashedrekord 0.0.2: 1 signer': 21,
      'dsse 0.0.1: 1 signer': 124,
      'dsse 0.0.2: 1 signer': 7,
      'intoto 0.0.1: 1 signer': 6,
      'intoto 0.0.2: 1 signer': 109,
      'intoto 0.0.2: unparsable': 1,
      'rekord 0.0.1: 1 signer': 2,
      'undefined 0.0.1: unparsable': 1,
    });
  });

  it('cannot read exactly those that were broken on purpose, and says why', () => {
    const problems = decoded.flatMap(({ entry, result }) =>
      result.ok ? [] : [[entry.file.split('/').slice(-2).join('/'), result.problem]],
    );
    expect(Object.fromEntries(problems)).toEqual({
      'bundle-empty-certificate-chain_fail/bundle.sigstore.json':
        'Cannot read entry.spec: found nothing, expected an object',
      'bundle-invalid-base64-signature_fail/bundle.sigstore.json':
        'Cannot read PEM block: it is not padded standard base64',
      'bundle-negative-log-index_fail/bundle.sigstore.json':
        'Cannot read kind: expected a text of at most 64 characters',
      'git-history/7a28db54ee-d.txt.tlog-body-error.sigstore':
        'Cannot read entry.spec: found nothing, expected an object',
    });
  });

  it('finds the identity that was recorded, wherever the entry itself holds the certificate of its bundle', () => {
    const identities = decoded.flatMap(({ entry, result }) => identitiesOf(result).map((found) => ({ entry, found })));
    const differing = identities.filter(({ entry, found }) => found !== recordedIdentity(entry));
    expect(identities).toHaveLength(290);
    expect(differing.map(({ entry, found }) => [basename(dirname(entry.file)), found])).toEqual([
      // Another entry's body was put into these bundles.
      ['wrong-hashedrekord-cert-and-sig_fail', 'appu@google.com by https://accounts.google.com'],
      ['wrong-hashedrekord-entry_fail', 'appu@google.com by https://accounts.google.com'],
      // Recorded by a tool that cannot read this kind of name.
      ['bundles', 'foo!oidc.local by http://oidc.local:8080'],
    ]);
  });

  it('finds every signature good over its digest but the one that was exchanged', () => {
    const checked = decoded.flatMap(({ entry, result }) =>
      verdictsOf(result).map((verdict) => `${entry.kind} ${verdict}`),
    );
    expect(countEach(checked)).toEqual({
      'hashedrekord 0.0.1 verified': 39,
      'hashedrekord 0.0.1 invalid': 1,
      'hashedrekord 0.0.2 verified': 21,
      'dsse 0.0.1 not-checkable': 124,
      'dsse 0.0.2 not-checkable': 7,
      'intoto 0.0.1 not-checkable': 6,
      'intoto 0.0.2 not-checkable': 109,
      'rekord 0.0.1 verified': 2,
    });
    const invalid = decoded.filter(({ result }) => verdictsOf(result).includes('invalid'));
    expect(invalid.map(({ entry }) => basename(dirname(entry.file)))).toEqual(['incorrect-public-key_fail']);
  });
});

describe.runIf(hasRealdata)('decodeEntry() on the log recorded from a real Rekor v2 server', () => {
  const recorded = hasRealdata ? readRecordedRekorV2() : [];
  const decoded = recorded.map(({ leaf, record }) => ({ record, entry: read(leaf) }));

  it('agrees on kind, number of signatures, key, certificate, name and issuer of all 1,219', () => {
    const found = decoded.map(({ record, entry }) => ({
      index: record.index,
      kind: entry.kind,
      signatures: entry.signers.length,
      ...describeSigner(entry.signers.find(({ fingerprint }) => fingerprint === record.spkiSha256)),
    }));
    expect(found).toHaveLength(1219);
    expect(found).toEqual(
      recorded.map(({ record }) => ({
        index: record.index,
        kind: record.kind,
        signatures: record.nSignatures ?? 1,
        key: record.spkiSha256,
        certificate: record.certSha256,
        subject: record.san === undefined ? undefined : [record.san],
        issuer: record.issuer === undefined ? undefined : [record.issuer],
      })),
    );
  });

  it('reads the old extensions as text and the named ones as claims of every workflow', () => {
    const workflows = decoded.filter(({ record }) => record.variant.startsWith('cert-gha-target'));
    const claims = workflows.map(({ entry, record }) => ({
      ...entry.signers.find(({ fingerprint }) => fingerprint === record.spkiSha256)?.claims,
    }));
    expect(countEach(claims.map((each) => `${Object.keys(each).length} claims`))).toEqual({ '22 claims': 39 });
    expect(claims[0]).toMatchObject({
      source_repository: ['https://github.com/acme-corp/payments'],
      runner: ['github-hosted'],
      'oid:1.3.6.1.4.1.57264.1.5': ['acme-corp/payments'],
    });
  });

  it('finds every signature of a hashedrekord good, of whatever algorithm', () => {
    const verdicts = decoded
      .filter(({ entry }) => entry.kind === 'hashedrekord')
      .map(({ entry, record }) => `${record.keyAlg} ${verdictsOf({ ok: true, entry }).join()}`);
    expect(countEach(verdicts)).toEqual({
      'PKIX_ECDSA_P256_SHA_256 verified': 844,
      'PKIX_ECDSA_P384_SHA_384 verified': 13,
      'PKIX_ECDSA_P521_SHA_512 verified': 3,
      'PKIX_ED25519_PH verified': 7,
      'PKIX_RSA_PKCS1V15_2048_SHA256 verified': 14,
    });
  });
});

describe.runIf(hasRealdata)('decodeEntry() on the log recorded from a real Rekor v1 server', () => {
  const entries = Array.from({ length: hasRealdata ? 64 : 0 }, (_, index) =>
    read(readFileSync(realdata(`servers/rekor-v1/bodies/${String(index).padStart(3, '0')}.json`))),
  );

  it('reads all 64 entries of 11 kinds', () => {
    expect(countEach(entries.map(({ kind, signers }) => `${kind}: ${signers.length}`))).toEqual({
      'hashedrekord: 1': 22,
      'dsse: 1': 4,
      'dsse: 2': 2,
      'rekord: 1': 13,
      'intoto: 1': 6,
      'intoto: 2': 1,
      'rfc3161: 1': 2,
      'rpm: 1': 3,
      'alpine: 1': 1,
      'jar: 1': 2,
      'helm: 1': 2,
      'cose: 1': 3,
      'tuf: 1': 2,
      'tuf: 2': 1,
    });
  });

  it('reads the names that its table lists, of a chain the first', () => {
    const subjects = entries.slice(6, 16).map(({ signers }) => signers[0]?.claims['subject']);
    expect(subjects).toEqual([
      ['alice@example.com'],
      ['bob@example.com'],
      ['carol@example.com'],
      ['https://github.com/acme/widgets/.github/workflows/release.yml@refs/heads/main'],
      ['user!example.com'],
      ['builder.example.com'],
      ['noissuer@example.com'],
      ['chain@example.com'],
      ['noeku@example.com'],
      ['alice@example.com'],
    ]);
  });

  it('finds every signature of a hashedrekord good, RSA-4096, P-521 and Ed25519ph among them', () => {
    const verdicts = entries
      .filter(({ kind }) => kind === 'hashedrekord')
      .flatMap((entry) => verdictsOf({ ok: true, entry }));
    expect(countEach(verdicts)).toEqual({ verified: 22 });
  });
});

function outline(result: DecodedEntry): string {
  const count = result.ok ? result.entry.signers.length : -1;
  return count === -1 ? 'unparsable' : count === 1 ? '1 signer' : `${count} signers`;
}

function identitiesOf(result: DecodedEntry): string[] {
  const signers = result.ok ? result.entry.signers : [];
  return signers.filter(({ type }) => type === 'certificate').map(({ claims }) => identity(claims));
}

function identity({ subject, issuer }: Signer['claims']): string {
  return `${subject?.join() ?? 'nobody'} by ${issuer?.join() ?? 'nobody'}`;
}

function recordedIdentity({ san, issuer }: RealEntry): string {
  return `${san?.replace(/^(URI|email|DNS):/, '') ?? 'nobody'} by ${issuer === '' || issuer === null ? 'nobody' : issuer}`;
}

function verdictsOf(result: DecodedEntry): string[] {
  return result.ok ? result.entry.signers.map((signer) => checkSignature(result.entry, signer)) : [];
}

function read(leaf: Buffer): ParsedEntry {
  const result = decodeEntry(leaf);
  if (!result.ok) {
    throw new Error(result.problem);
  }
  return result.entry;
}

function describeSigner(signer: Signer | undefined): Record<string, unknown> {
  const der = signer?.certificate?.der;
  return {
    key: signer?.fingerprint,
    certificate: der === undefined ? undefined : hash('sha256', der),
    subject: signer?.claims['subject'],
    issuer: signer?.claims['issuer'],
  };
}
