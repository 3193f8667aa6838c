import { hash, sign } from 'node:crypto';
import type { EntrySigner } from '../../src/demo/entries.ts';
import { IN_TOTO_TYPE, preAuthEncoding } from '../../src/entry/pae.ts';
import type { AttestationPlace, ClaimRule, Watch } from '../../src/policy/watch.ts';
import { readHistory, type HistoryLine } from '../../src/store/history.ts';
import { releaseWatch, rule, type MonitorRig } from './monitor-rig.ts';

export const BUILDER = 'https://github.com/acme/builders/.github/workflows/build.yml@refs/tags/v1';

/** The release watch that expects provenance of the builder besides, and looks for it there. */
export function builtWatch(attestations: AttestationPlace, differing: Partial<Watch> = {}): Watch {
  const rules = releaseWatch().expect as readonly ClaimRule[];
  return releaseWatch({ expect: [...rules, rule('slsa_builder', BUILDER)], attestations, ...differing });
}

/** What was found, oldest first. */
export function historyOf({ store }: MonitorRig): readonly HistoryLine[] {
  return [...readHistory(store, {})].reverse();
}

/** Index, verdict and what failed of each finding. */
export function verdictsOf(rig: MonitorRig): readonly string[] {
  return historyOf(rig).map(({ index, verdict, violations }) =>
    [index, verdict, ...violations.map(({ claim, found }) => `${claim}=${String(found)}`)].join(' '),
  );
}

/** A statement with SLSA provenance v1 about an artifact, `sha256:hex`. */
export function provenance(artifact: string, builder = BUILDER): Buffer {
  const [algorithm = '', hex] = artifact.split(':');
  return Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'widget.tar.gz', digest: { [algorithm]: hex } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {
        buildDefinition: { buildType: 'https://example.com/build' },
        runDetails: { builder: { id: builder } },
      },
    }),
  );
}

/** The digest of an artifact as entries record it. */
export function digestOf(artifact: string): string {
  return `sha256:${hash('sha256', artifact)}`;
}

/** A DSSE envelope (DSSE 1.0). */
export function envelopeOf(payload: Buffer, signer: EntrySigner, payloadType = IN_TOTO_TYPE) {
  const signature = sign('sha256', preAuthEncoding(payloadType, payload), signer.privateKey);
  return {
    payload: payload.toString('base64'),
    payloadType,
    signatures: [{ sig: signature.toString('base64') }],
  };
}

/** A Sigstore bundle with the signer's certificate, as of v0.3. */
export function bundleOf(payload: Buffer, signer: EntrySigner & { readonly certificate: Buffer }) {
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { certificate: { rawBytes: signer.certificate.toString('base64') }, tlogEntries: [] },
    dsseEnvelope: envelopeOf(payload, signer),
  };
}

/** A raw Snappy block of literals only. */
export function snappyOf(content: Buffer): Buffer {
  const length: number[] = [];
  for (let left = content.length; left > 0 || length.length === 0; left = Math.floor(left / 128)) {
    length.push((left % 128) + (left >= 128 ? 128 : 0));
  }
  const parts: Buffer[] = [Buffer.from(length)];
  for (let at = 0; at < content.length; at += 65_536) {
    const literal = content.subarray(at, at + 65_536);
    const size = Buffer.alloc(2);
    size.writeUInt16LE(literal.length - 1);
    parts.push(Buffer.from([61 << 2]), size, literal);
  }
  return Buffer.concat(parts);
}
