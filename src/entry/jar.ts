import { decodeBase64 } from './base64.ts';
import { parseCertificate } from './certificate.ts';
import { artifactsOf, digestFromHex } from './digest.ts';
import { EntryError } from './entry-error.ts';
import type { EntryContent, Signer } from './entry.ts';
import { findCertificates } from './find-certificates.ts';
import { objectAt, type JsonObject } from './json.ts';
import { parsePem } from './pem.ts';
import { readSignedData } from './pkcs7.ts';
import { certificateSigner } from './signer.ts';

/**
 * jar 0.0.1 of Rekor v1 (rekor pkg/types/jar/v0.0.1): the signature block of a signed JAR. Its signers are those whom the block
 * itself names; `signature.publicKey` is only the first certificate in it (rekor pkg/pki/pkcs7), which may be anybody's.
 * What is signed is a file within the archive that the entry does not hold, so no signature can be checked here.
 * Throws EntryError or DerError.
 */
export function readJar001(spec: JsonObject): EntryContent {
  const archive = objectAt(spec, 'archive', 'spec');
  const digest = digestFromHex(objectAt(archive, 'hash', 'spec.archive'), 'spec.archive.hash');
  const { content } = objectAt(spec, 'signature', 'spec');
  const signers = readSigners(decodeBase64(content, 'spec.signature.content').toString('latin1'));
  return { signers, artifacts: artifactsOf(digest), signedDigest: null, payload: null };
}

function readSigners(pem: string): readonly Signer[] {
  const [block, second] = parsePem(pem);
  if (block?.label !== 'PKCS7' || second !== undefined) {
    throw new EntryError('Cannot read spec.signature.content: expected PEM of one PKCS7');
  }
  const signedData = readSignedData(block.der);
  if (signedData.signers.length === 0) {
    throw new EntryError('Cannot read spec.signature.content: nobody signed it');
  }
  // One for each certificate, however often it is named: each is read and judged once.
  const signatures = new Map<Buffer, Buffer | null>();
  findCertificates(signedData).forEach((certificate, place) => {
    const signature = signedData.signers[place]?.signature ?? null;
    signatures.set(certificate, signatures.get(certificate) ?? signature);
  });
  return [...signatures].map(([der, signature]) => certificateSigner(parseCertificate(der), signature));
}
