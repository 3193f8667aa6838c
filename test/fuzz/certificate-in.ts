import { encodeTree, nodesIn, parseTree } from './der-tree.ts';
import { pemOf } from './mutate-text.ts';
import type { Specimen } from './specimens.ts';

/** What puts another certificate into an entry in the place of one of its own. */
export type PutCertificate = (changed: Buffer) => Specimen;

/**
 * Finds where the certificate lies in the entry: as it is, in base64, in PEM, in PKCS #7. Everything around it is written anew so that
 * it fits. Null where it does not lie in any such place.
 */
export function placeOf(specimen: Specimen, certificate: Buffer): PutCertificate | null {
  const { data } = specimen;
  const base64 = certificate.toString('base64');
  const at = data.indexOf(base64);
  if (at !== -1) {
    return (changed) => ({ ...specimen, data: cut(data, at, base64.length, Buffer.from(changed.toString('base64'))) });
  }
  return specimen.type === 'ct' ? placeInLeaf(specimen, certificate) : placeInPem(specimen, certificate);
}

/** Behind its length in three bytes: in the leaf, or in what came with it (RFC 6962 §3.1). */
function placeInLeaf(specimen: Specimen, certificate: Buffer): PutCertificate | null {
  const { data, extra = Buffer.alloc(0) } = specimen;
  const isInLeaf = data.includes(certificate);
  const bytes = isInLeaf ? data : extra;
  const at = bytes.indexOf(certificate);
  return at === -1
    ? null
    : (changed) => {
        const other = cut(bytes, at, certificate.length, changed);
        other.writeUIntBE(changed.length, at - 3, 3);
        return { ...specimen, ...(isInLeaf ? { data: other } : { extra: other }) };
      };
}

const RUN = /[A-Za-z0-9+/]{200,}={0,2}/g;
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\n([^-]+)-----END [A-Z0-9 ]+-----\n?/g;

function placeInPem(specimen: Specimen, certificate: Buffer): PutCertificate | null {
  const text = specimen.data.toString('latin1');
  for (const run of text.matchAll(RUN)) {
    const pem = Buffer.from(run[0], 'base64').toString('latin1');
    for (const block of pem.matchAll(BLOCK)) {
      const [whole, label = '', body = ''] = block;
      const put = putIntoDer(Buffer.from(body, 'base64'), certificate);
      if (put !== null) {
        return (changed) => {
          const other = replacedAt(pem, block.index, whole.length, pemOf(label, put(changed)));
          const encoded = Buffer.from(other, 'latin1').toString('base64');
          return { ...specimen, data: Buffer.from(replacedAt(text, run.index, run[0].length, encoded), 'latin1') };
        };
      }
    }
  }
  return null;
}

/** The whole, or what holds it as one of its elements. */
function putIntoDer(der: Buffer, certificate: Buffer): ((changed: Buffer) => Buffer) | null {
  if (der.equals(certificate)) {
    return (changed) => changed;
  }
  if (!der.includes(certificate)) {
    return null;
  }
  return (changed) => {
    const root = parseTree(der);
    const node = root === null ? undefined : nodesIn(root).find((each) => encodeTree(each).equals(certificate));
    if (root === null || node === undefined) {
      throw new Error('Cannot find a certificate in what holds it');
    }
    Object.assign(node, { bytes: changed });
    return encodeTree(root);
  };
}

function cut(bytes: Buffer, at: number, length: number, replacement: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), replacement, bytes.subarray(at + length)]);
}

function replacedAt(text: string, at: number, length: number, replacement: string): string {
  return text.slice(0, at) + replacement + text.slice(at + length);
}
