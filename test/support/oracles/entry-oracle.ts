import { createPublicKey, hash } from 'node:crypto';
import { readKeys } from 'openpgp';
import sshpk from 'sshpk';
import type { Claims, SignerType } from '../../../src/entry/entry.ts';
import { at, listAt, textAt } from './json-path.ts';
import type { Reader } from './reader.ts';
import { signersOfSignedData, stampedBy } from './signed-data-oracle.ts';

/** What an entry says, as far as it can be said without any of our code. */
export interface Outline {
  readonly kind: string;
  readonly apiVersion: string;
  readonly signers: readonly OutlinedSigner[];
  readonly artifacts: readonly string[];
}

export interface OutlinedSigner {
  readonly type: SignerType;
  readonly fingerprint: string | null;
  readonly claims: Claims;
  /** Hex; null where the entry records none. */
  readonly signature: string | null;
}

type Content = Pick<Outline, 'signers' | 'artifacts'>;
type Format = (spec: unknown, reader: Reader) => Content | Promise<Content>;

/**
 * Reads an entry by walking its JSON to where each kind keeps its verifiers and hashes (rekor pkg/types, rekor-tiles
 * api/proto), and by asking `reader` for what certificates and keys say, OpenPGP.js and sshpk for the others. Null for what
 * is no entry.
 */
export async function outlineByOthers(body: Buffer, reader: Reader): Promise<Outline | null> {
  try {
    const entry: unknown = JSON.parse(body.toString());
    const [kind, apiVersion] = [textAt(entry, 'kind'), textAt(entry, 'apiVersion')];
    const content = await FORMATS[`${kind} ${apiVersion}`]?.(at(entry, 'spec'), reader);
    return content === undefined ? null : { kind, apiVersion, ...content };
  } catch {
    return null;
  }
}

/** Where each kind keeps what is looked for. */
const FORMATS: Readonly<Record<string, Format>> = {
  'hashedrekord 0.0.1': (spec, reader) => ({
    signers: [signerInPem(at(spec, 'signature', 'publicKey', 'content'), at(spec, 'signature', 'content'), reader)],
    artifacts: hexDigest(at(spec, 'data', 'hash')),
  }),
  'hashedrekord 0.0.2': (spec, reader) => {
    // Servers before 2.0.0 spelled it the second way.
    const record = at(spec, 'hashedRekordV002') ?? at(spec, 'hashedRekordV0_0_2');
    return { signers: [signerInDer(at(record, 'signature'), reader)], artifacts: base64Digest(at(record, 'data')) };
  },
  'dsse 0.0.1': (spec, reader) => ({
    signers: listAt(spec, 'signatures').map((each) => signerInPem(at(each, 'verifier'), at(each, 'signature'), reader)),
    artifacts: hexDigest(at(spec, 'payloadHash')),
  }),
  'dsse 0.0.2': (spec, reader) => ({
    signers: listAt(spec, 'dsseV002', 'signatures').map((each) => signerInDer(each, reader)),
    artifacts: base64Digest(at(spec, 'dsseV002', 'payloadHash')),
  }),
  'intoto 0.0.1': (spec, reader) => ({
    signers: [signerInPem(at(spec, 'publicKey'), null, reader)],
    artifacts: hexDigest(at(spec, 'content', 'payloadHash')),
  }),
  'intoto 0.0.2': (spec, reader) => ({
    signers: listAt(spec, 'content', 'envelope', 'signatures').map((each) =>
      signerInPem(at(each, 'publicKey'), withoutOneBase64(at(each, 'sig')), reader),
    ),
    artifacts: hexDigest(at(spec, 'content', 'payloadHash')),
  }),
  'cose 0.0.1': (spec, reader) => ({
    signers: [signerInPem(at(spec, 'publicKey'), null, reader)],
    artifacts: hexDigest(at(spec, 'data', 'payloadHash')),
  }),
  'alpine 0.0.1': (spec, reader) => ({
    signers: [signerInPem(at(spec, 'publicKey', 'content'), null, reader)],
    artifacts: hexDigest(at(spec, 'package', 'hash')),
  }),
  'rpm 0.0.1': async (spec) => ({
    signers: await signersInPgp(at(spec, 'publicKey', 'content'), null),
    artifacts: hexDigest(at(spec, 'package', 'hash')),
  }),
  'helm 0.0.1': async (spec) => ({
    signers: await signersInPgp(
      at(spec, 'publicKey', 'content'),
      at(spec, 'chart', 'provenance', 'signature', 'content'),
    ),
    artifacts: hexDigest(at(spec, 'chart', 'hash')),
  }),
  'rekord 0.0.1': async (spec, reader) => ({
    signers: await signersInRekord(at(spec, 'signature'), reader),
    artifacts: hexDigest(at(spec, 'data', 'hash')),
  }),
  'jar 0.0.1': (spec, reader) => ({
    signers: blocksIn(at(spec, 'signature', 'content'))
      .flatMap(({ der }) => signersOfSignedData(der))
      .map(({ certificate, signature }) => certificateSigner(certificate, signature, reader)),
    artifacts: hexDigest(at(spec, 'archive', 'hash')),
  }),
  'rfc3161 0.0.1': (spec) => ({
    signers: [{ type: 'none', fingerprint: null, claims: {}, signature: null }],
    artifacts: [stampedBy(fromBase64(at(spec, 'tsr', 'content')))],
  }),
  'tuf 0.0.1': readTuf,
};

/** Base64 of PEM: the first certificate, or the one key, which may be an RSA key by itself. Throws for anything else. */
function signerInPem(verifier: unknown, encodedSignature: unknown, reader: Reader): OutlinedSigner {
  const signature = signatureIn(encodedSignature);
  const [first] = blocksIn(verifier);
  if (first?.label === 'CERTIFICATE') {
    return certificateSigner(first.der, signature, reader);
  }
  if (first?.label === 'PUBLIC KEY') {
    return keySigner(reader.spki(first.der), signature);
  }
  const key = createPublicKey({ key: first?.der ?? Buffer.alloc(0), format: 'der', type: 'pkcs1' });
  return keySigner(key.export({ format: 'der', type: 'spki' }), signature);
}

function signerInDer(signed: unknown, reader: Reader): OutlinedSigner {
  const signature = signatureIn(at(signed, 'content'));
  const certificate = at(signed, 'verifier', 'x509Certificate', 'rawBytes');
  return certificate === undefined
    ? keySigner(reader.spki(fromBase64(at(signed, 'verifier', 'publicKey', 'rawBytes'))), signature)
    : certificateSigner(fromBase64(certificate), signature, reader);
}

function certificateSigner(der: Buffer, signature: string | null, reader: Reader): OutlinedSigner {
  const { spki, claims } = reader.certificate(der);
  const fingerprint = hash('sha256', spki);
  return { type: 'certificate', fingerprint, claims: { ...claims, key: [fingerprint] }, signature };
}

function keySigner(spki: Buffer, signature: string | null): OutlinedSigner {
  const fingerprint = hash('sha256', spki);
  return { type: 'public-key', fingerprint, claims: { key: [fingerprint] }, signature };
}

async function signersInRekord(signed: unknown, reader: Reader): Promise<readonly OutlinedSigner[]> {
  const [key, content] = [at(signed, 'publicKey', 'content'), at(signed, 'content')];
  switch (at(signed, 'format')) {
    case 'x509':
      return [signerInPem(key, content, reader)];
    case 'pgp':
      return signersInPgp(key, content);
    case 'ssh': {
      const fingerprint = sshpk.parseKey(fromBase64(key).toString(), 'ssh').fingerprint('sha256').toString();
      return [{ type: 'ssh', fingerprint, claims: { key: [fingerprint] }, signature: signatureIn(content) }];
    }
    case 'minisign':
      return [signerInMinisign(fromBase64(key).toString(), content)];
    default:
      throw new TypeError('Cannot read a key of that format');
  }
}

async function signersInPgp(key: unknown, encodedSignature: unknown): Promise<readonly OutlinedSigner[]> {
  const signature = signatureIn(encodedSignature);
  const keys = await readKeys({ armoredKeys: fromBase64(key).toString() });
  return keys.map((each) => {
    const emails = each.users.map(({ userID }) => userID?.email ?? '').filter((email) => email !== '');
    const names = [each, ...each.getSubkeys()].map((one) => one.getFingerprint());
    const claims = { key: names, ...(emails.length > 0 && { key_subject: [...new Set(emails)].sort() }) };
    return { type: 'pgp', fingerprint: each.getFingerprint(), claims, signature };
  });
}

/** `Ed`, the key id with its least byte first, the key. */
function signerInMinisign(file: string, encodedSignature: unknown): OutlinedSigner {
  const bytes = Buffer.from(file.trim().split('\n').at(-1) ?? '', 'base64');
  const id = Buffer.from(bytes.subarray(2, 10)).reverse().toString('hex');
  const x = bytes.subarray(10).toString('base64url');
  const spki = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const digest = hash('sha256', spki.export({ format: 'der', type: 'spki' }));
  return { type: 'minisign', fingerprint: id, claims: { key: [id, digest] }, signature: signatureIn(encodedSignature) };
}

/** The keys of the root that signed the metadata, by the ids that it gives them. */
function readTuf(spec: unknown): Content {
  const root: unknown = JSON.parse(fromBase64(at(spec, 'root', 'content')).toString());
  const metadata: unknown = JSON.parse(fromBase64(at(spec, 'metadata', 'content')).toString());
  const signers = listAt(metadata, 'signatures')
    .filter((each) => at(root, 'signed', 'keys', textAt(each, 'keyid')) !== undefined)
    .map((each): OutlinedSigner => {
      const fingerprint = textAt(each, 'keyid');
      return { type: 'tuf', fingerprint, claims: { key: [fingerprint] }, signature: textAt(each, 'sig') };
    });
  const targets = Object.values(at(metadata, 'signed', 'targets') ?? {});
  return { signers, artifacts: targets.map((target) => `sha256:${textAt(target, 'hashes', 'sha256')}`) };
}

function hexDigest(digest: unknown): readonly string[] {
  return digest === undefined ? [] : [`${textAt(digest, 'algorithm')}:${textAt(digest, 'value').toLowerCase()}`];
}

function base64Digest(digest: unknown): readonly string[] {
  const name = textAt(digest, 'algorithm').replace('SHA2_', 'sha');
  return [`${name}:${fromBase64(at(digest, 'digest')).toString('hex')}`];
}

interface Block {
  readonly label: string;
  readonly der: Buffer;
}

/** The blocks of base64 of PEM. Throws for base64 that is none. */
function blocksIn(encoded: unknown): readonly Block[] {
  const blocks = fromBase64(encoded)
    .toString()
    .matchAll(/-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----/gs);
  return [...blocks].map(([, label = '', body = '']) => ({ label, der: fromBase64(body.replace(/\s/g, '')) }));
}

/** The signature of intoto 0.0.2 is base64 twice, in nearly all of its entries. */
function withoutOneBase64(encoded: unknown): unknown {
  const text = fromBase64(encoded).toString().trim();
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? text : encoded;
}

function signatureIn(encoded: unknown): string | null {
  return encoded === null ? null : fromBase64(encoded).toString('hex');
}

function fromBase64(text: unknown): Buffer {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw new TypeError('Cannot read base64');
  }
  return Buffer.from(text, 'base64');
}
