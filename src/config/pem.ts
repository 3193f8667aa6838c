import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { isNonEmpty, type NonEmpty } from '../lib/non-empty.ts';
import { findAuthorityFault } from '../trust/issuer.ts';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s[^-]*-----END \1-----/g;

/** The one public key of a PEM file, as SubjectPublicKeyInfo in DER; Ed25519 or ECDSA on P-256. Throws SyntaxError. */
export function parsePublicKey(pem: string, file: string): Buffer {
  const key = parseKeyBlock(pem, file);
  return requireKind(key, isEd25519(key) || isP256(key), 'Ed25519 or ECDSA on P-256', file);
}

/** The same, of what signs the tree heads of certificate transparency logs (RFC 6962 §2.1.4): ECDSA on P-256 or RSA of 2048 bits and more. Throws SyntaxError. */
export function parseCtKey(pem: string, file: string): Buffer {
  const key = parseKeyBlock(pem, file);
  return requireKind(key, isP256(key) || isRsa(key), 'ECDSA on P-256, or RSA of at least 2048 bits', file);
}

function parseKeyBlock(pem: string, file: string): KeyObject {
  const blocks = [...pem.matchAll(BLOCK)];
  const [block] = blocks;
  const found = block?.[1] ?? 'no PEM block';
  if (block === undefined || blocks.length > 1 || found !== 'PUBLIC KEY') {
    const state = blocks.length > 1 ? `${blocks.length} PEM blocks` : found;
    const hint = found.endsWith('PRIVATE KEY')
      ? ' (make one with `openssl pkey -pubout`, and keep the private key away)'
      : '';
    throw new SyntaxError(`Cannot take "${file}" as a public key: it holds ${state}, expected one PUBLIC KEY${hint}`);
  }
  try {
    return createPublicKey(block[0]);
  } catch (error) {
    throw new SyntaxError(`Cannot take "${file}" as a public key: its PUBLIC KEY block is broken`, { cause: error });
  }
}

function requireKind(key: KeyObject, isRight: boolean, expected: string, file: string): Buffer {
  if (!isRight) {
    throw new SyntaxError(`Cannot take "${file}" as a public key: expected ${expected}`);
  }
  return key.export({ format: 'der', type: 'spki' });
}

function isEd25519({ asymmetricKeyType }: KeyObject): boolean {
  return asymmetricKeyType === 'ed25519';
}

function isP256({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

function isRsa({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
}

/** The CA certificates of a PEM file in DER, each issued by the next, whatever their order in the file. Throws SyntaxError. */
export function parseCaChain(pem: string, file: string): NonEmpty<Buffer> {
  const blocks = [...pem.matchAll(BLOCK)];
  const other = blocks.find(([, label]) => label !== 'CERTIFICATE');
  if (blocks.length === 0 || other !== undefined) {
    const state = other?.[1] ?? 'no PEM block';
    throw new SyntaxError(`Cannot take "${file}" as a CA chain: it holds ${state}, expected CERTIFICATE blocks only`);
  }
  const certificates = blocks.map(([block], position) => parseCertificate(block, position, file));
  const [first, second] = certificates;
  const rootFirst = first !== undefined && second?.checkIssued(first) === true && first.subject !== second.subject;
  const chain = rootFirst ? certificates.reverse() : certificates;
  const gap = chain.findIndex((certificate, position) => {
    const issuer = chain[position + 1];
    return issuer !== undefined && !(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
  });
  if (gap !== -1) {
    throw new SyntaxError(
      `Cannot take "${file}" as a CA chain: certificate ${gap + 1} is not issued by its neighbour; ` +
        'expected one chain, intermediates before their root (give another CA its own file)',
    );
  }
  const ders = chain.map((certificate) => certificate.raw);
  if (!isNonEmpty(ders)) {
    throw new SyntaxError(`Cannot take "${file}" as a CA chain: it holds no certificate`);
  }
  const fault = findAuthorityFault({ name: file, chain: ders, validFrom: null, validTo: null });
  if (fault !== null) {
    throw new SyntaxError(`Cannot take "${file}" as a CA chain: ${fault}; expected CAs that may issue to code signers`);
  }
  return ders;
}

function parseCertificate(pem: string, position: number, file: string): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch (error) {
    throw new SyntaxError(`Cannot take "${file}" as a CA chain: certificate ${position + 1} is broken`, {
      cause: error,
    });
  }
  if (!certificate.ca) {
    throw new SyntaxError(
      `Cannot take "${file}" as a CA chain: certificate ${position + 1} ` +
        `(${certificate.subject.replaceAll('\n', ', ')}) is no CA certificate`,
    );
  }
  return certificate;
}
