import { createPublicKey, hash, sign } from 'node:crypto';
import { toPem } from '../../src/demo/certificate-authority.ts';
import type { EntrySigner } from '../../src/demo/entries.ts';
import { IN_TOTO_TYPE, preAuthEncoding } from '../../src/entry/pae.ts';

/** Of SLSA provenance v1, what tests change. */
export interface ProvenanceParts {
  readonly builder?: string;
  /** `name` to SHA-256. */
  readonly subjects?: Readonly<Record<string, string>>;
}

export const WIDGET_DIGEST = hash('sha256', 'widget', 'hex');
export const BUILDER = 'https://tekton.dev/chains/v2';

/** A statement with SLSA provenance v1, as Tekton Chains writes one. */
export function provenanceV1({
  builder = BUILDER,
  subjects = { 'registry.example/acme/widget': WIDGET_DIGEST },
}: ProvenanceParts = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
      subject: Object.entries(subjects).map(([name, sha256]) => ({ name, digest: { sha256 } })),
      predicate: {
        buildDefinition: {
          buildType: 'https://tekton.dev/chains/v2/slsa',
          externalParameters: {},
          resolvedDependencies: [
            {
              uri: 'git+https://git.example/acme/widget.git',
              digest: { sha1: '0123456789abcdef0123456789abcdef01234567' },
            },
          ],
        },
        runDetails: { builder: { id: builder } },
      },
    }),
  );
}

/** The leaf of a Rekor v1 `intoto` 0.0.1; `payloadHash: false` as the first servers wrote it. */
export function intotoV001(
  options: EntrySigner & { readonly payload: Buffer; readonly payloadHash?: boolean },
): Buffer {
  return Buffer.from(
    JSON.stringify({
      apiVersion: '0.0.1',
      kind: 'intoto',
      spec: {
        content: {
          hash: { algorithm: 'sha256', value: hash('sha256', 'the envelope', 'hex') },
          ...(options.payloadHash !== false && { payloadHash: sha256Of(options.payload) }),
        },
        publicKey: verifierOf(options),
      },
    }),
  );
}

/** The leaf of a Rekor v1 `intoto` 0.0.2. `shuffled`: the keys stand beside each other's signatures, which the server does not mind. */
export function intotoV002(options: {
  readonly signers: readonly EntrySigner[];
  readonly payload: Buffer;
  readonly payloadType?: string;
  readonly shuffled?: boolean;
}): Buffer {
  const { signers, payload, payloadType = IN_TOTO_TYPE } = options;
  const message = preAuthEncoding(payloadType, payload);
  const signatures = signers.map(({ privateKey }) => sign('sha256', message, privateKey).toString('base64'));
  const placed = options.shuffled === true ? signatures.toReversed() : signatures;
  return Buffer.from(
    JSON.stringify({
      apiVersion: '0.0.2',
      kind: 'intoto',
      spec: {
        content: {
          envelope: {
            payloadType,
            signatures: signers.map((signer, place) => ({
              publicKey: verifierOf(signer),
              sig: Buffer.from(placed[place] ?? '').toString('base64'),
            })),
          },
          hash: { algorithm: 'sha256', value: hash('sha256', 'whatever the client said', 'hex') },
          payloadHash: sha256Of(payload),
        },
      },
    }),
  );
}

/** The leaf of a Rekor v1 `cose` 0.0.1. */
export function coseV001(options: EntrySigner & { readonly payload: Buffer }): Buffer {
  return Buffer.from(
    JSON.stringify({
      apiVersion: '0.0.1',
      kind: 'cose',
      spec: {
        data: { envelopeHash: sha256Of(Buffer.from('the message')), payloadHash: sha256Of(options.payload) },
        publicKey: verifierOf(options),
      },
    }),
  );
}

/** A COSE_Sign1 message, tagged, with one header of each sort and no real signature. Payloads below 64 KiB. */
export function coseSign1(payload: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(payload.length);
  return Buffer.concat([
    Buffer.from('d28443a10126a1044362696459', 'hex'),
    length,
    payload,
    Buffer.from('5840', 'hex'),
    Buffer.alloc(64, 7),
  ]);
}

function sha256Of(bytes: Buffer): unknown {
  return { algorithm: 'sha256', value: hash('sha256', bytes, 'hex') };
}

function verifierOf({ certificate, privateKey }: EntrySigner): string {
  const pem =
    certificate === undefined
      ? createPublicKey(privateKey).export({ type: 'spki', format: 'pem' })
      : toPem(certificate);
  return Buffer.from(pem).toString('base64');
}
