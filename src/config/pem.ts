import { createPublicKey, X509Certificate } from 'node:crypto';
import { isNonEmpty, type NonEmpty } from '../lib/non-empty.ts';
import { noteKey } from '../tlog/note.ts';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s[^-]*-----END \1-----/g;

/** The one public key of a PEM file, as SubjectPublicKeyInfo in DER; Ed25519 or ECDSA on P-256. Throws SyntaxError. */
export function parsePublicKey(pem: string, file: string): Buffer {
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
  let spki: Buffer;
  try {
    spki = createPublicKey(block[0]).export({ format: 'der', type: 'spki' });
  } catch (error) {
    throw new SyntaxError(`Cannot take "${file}" as a public key: its PUBLIC KEY block is broken`, { cause: error });
  }
  try {
    noteKey('key', spki);
  } catch (error) {
    throw new SyntaxError(`Cannot take "${file}" as a public key: expected Ed25519 or ECDSA on P-256`, {
      cause: error,
    });
  }
  return spki;
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
