import { createPublicKey, hash } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { TransparencyLogEntry, TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evidenceContent } from '../../src/cli/evidence-content.ts';
import type { LogEntryJson } from '../../src/evidence/evidence-file.ts';
import { logId } from '../../src/evidence/log-key.ts';
import { findIssuers } from '../../src/trust/issuers.ts';
import { authority, certify, fillers, NOW, releaseAt } from '../support/actors.ts';
import { startFakeLog } from '../fakes/fake-log.ts';
import { startFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { siteV1, siteV2, type LogSite } from '../support/log-sites.ts';
import { MonitorRig } from '../support/monitor-rig.ts';

const ARTIFACT = Buffer.from('the widget');
const BRANCH = 'refs/heads/hotfix';

/** Rekor v1 says when it took an entry in: within the ten minutes of the certificate. */
const TAKEN_IN = NOW.getTime() / 1000 + 60;

let rig: MonitorRig;
let site: LogSite;
let append: (leaves: readonly Buffer[]) => void;

const STARTS = [
  [
    'rekor-v2',
    async () => {
      const log = await startFakeLog();
      site = siteV2(log);
      append = (leaves) => void log.append(leaves);
    },
  ],
  [
    'rekor-v1',
    async () => {
      const log = await startFakeRekorV1();
      site = siteV1(log);
      append = (leaves) => {
        log.active.append(leaves, TAKEN_IN);
      };
    },
  ],
] as const;

beforeEach(() => {
  rig = new MonitorRig();
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

/** The entry's evidence as sigwatch writes it, of an alert raised by the pipeline. */
async function writtenEntry() {
  append([...fillers(12), site.entry(certify(releaseAt(BRANCH)), ARTIFACT.toString()), ...fillers(20, 50)]);
  await rig.poll(site.source(rig.http));
  const alert = rig.onlyAlert();
  const { entry } = evidenceContent({
    alert,
    evidence: alert.evidence,
    log: site,
    keys: [site.keys[0].spki],
    issuersOf: (certificate) =>
      findIssuers(certificate, [{ name: 'ca', chain: authority.chain, validFrom: null, validTo: null }]),
    watches: rig.watches,
  });
  if (entry === null || !('transparency_log_entry' in entry)) {
    throw new Error('The alert has no entry of Rekor');
  }
  return entry;
}

/** What others trust: the test log and the test CA. */
function trustMaterial() {
  const [{ name, spki }] = site.keys;
  const isEd25519 = createPublicKey({ key: spki, format: 'der', type: 'spki' }).asymmetricKeyType === 'ed25519';
  const keyDetails = isEd25519 ? 'PKIX_ED25519' : 'PKIX_ECDSA_P256_SHA_256';
  const validFor = { start: '1970-01-01T00:00:00Z' };
  return toTrustMaterial(
    TrustedRoot.fromJSON({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [
        {
          baseUrl: `https://${name}`,
          hashAlgorithm: 'SHA2_256',
          publicKey: { rawBytes: spki.toString('base64'), keyDetails, validFor },
          logId: { keyId: logId(site, spki).toString('base64') },
        },
      ],
      certificateAuthorities: [
        {
          subject: { organization: 'acme', commonName: 'test-ca' },
          uri: 'https://ca.test',
          certChain: { certificates: authority.chain.map((der) => ({ rawBytes: der.toString('base64') })) },
          validFor,
        },
      ],
    }),
  );
}

/** What an entry and its chain become in a bundle, with the signature that the entry itself records. */
function bundleOf({
  transparency_log_entry: entry,
  x509_certificate_chain: chain,
}: Awaited<ReturnType<typeof writtenEntry>>) {
  return bundleFromJSON({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { certificate: chain?.certificates[0], tlogEntries: [entry] },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: hash('sha256', ARTIFACT, 'base64') },
      signature: signatureIn(entry),
    },
  });
}

function signatureIn({ canonicalizedBody }: LogEntryJson): string {
  const { spec } = JSON.parse(Buffer.from(canonicalizedBody, 'base64').toString()) as {
    spec: { signature?: { content: string }; hashedRekordV002?: { signature: { content: string } } };
  };
  return spec.signature?.content ?? spec.hashedRekordV002?.signature.content ?? '';
}

/** The authority of the tests asks no CT log. Of Rekor v2, the time comes from elsewhere than the log (RFC 3161): here from us. */
function verifier(): Verifier {
  const made = new Verifier(trustMaterial(), { ctlogThreshold: 0 });
  return site.type === 'rekor-v1' ? made : Object.assign(made, { verifyTimestamps: () => [NOW] });
}

describe.each(STARTS)("an entry's evidence from a %s log, in the eyes of @sigstore/verify", (type, start) => {
  beforeEach(start);

  it('is a TransparencyLogEntry of protobuf, every field of it', async () => {
    const { transparency_log_entry: entry } = await writtenEntry();
    const read = TransparencyLogEntry.toJSON(TransparencyLogEntry.fromJSON(entry)) as object;
    // The library leaves out what is zero, as others may.
    expect({ integratedTime: '0', ...read }).toEqual(entry);
    expect(entry.inclusionPromise === undefined).toBe(type === 'rekor-v2');
  });

  it('verifies with its certificate', async () => {
    const signer = verifier().verify(toSignedEntity(bundleOf(await writtenEntry()), ARTIFACT));
    expect(signer.identity?.subjectAlternativeName).toBe(releaseAt(BRANCH).subject);
  });

  it('does not verify with one byte changed of what it claims', async () => {
    const entry = await writtenEntry();
    const { transparency_log_entry: logEntry } = entry;
    const [first = '', ...others] = logEntry.inclusionProof.hashes;
    const wrong = Buffer.from(first, 'base64');
    wrong[0] = (wrong[0] ?? 0) ^ 1;
    const inclusionProof = { ...logEntry.inclusionProof, hashes: [wrong.toString('base64'), ...others] };
    const altered = { ...entry, transparency_log_entry: { ...logEntry, inclusionProof } };
    expect(() => verifier().verify(toSignedEntity(bundleOf(altered), ARTIFACT))).toThrow('root hash');
  });
});
