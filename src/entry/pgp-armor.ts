import { decodeBase64 } from './base64.ts';
import { EntryError } from './entry-error.ts';

const BEGIN = '-----BEGIN PGP PUBLIC KEY BLOCK-----';
const END = '-----END PGP PUBLIC KEY BLOCK-----';
/** `=` and the base64 of 24 bits. */
const CHECKSUM_LENGTH = 5;

/**
 * Takes the ASCII armour off a text of one or several PGP public key blocks (RFC 4880 §6.2): the packets of each. The checksum, which
 * RFC 9580 §6.1 says to ignore, must only look like one. `what` names the text in the EntryError thrown.
 */
export function dearmor(text: string, what: string): readonly Buffer[] {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const blocks: Buffer[] = [];
  for (let at = 0; at < lines.length;) {
    if (lines[at] === '') {
      at += 1;
      continue;
    }
    const end = lines.indexOf(END, at);
    if (lines[at] !== BEGIN || end === -1) {
      throw new EntryError(`Cannot read ${what}: expected armoured PGP public key blocks and nothing else`);
    }
    blocks.push(decodeBlock(lines.slice(at + 1, end), what));
    at = end + 1;
  }
  return blocks;
}

/** An empty line ends the headers, of which there may be none. Nothing in them is signed. */
function decodeBlock(lines: readonly string[], what: string): Buffer {
  const headers = lines.indexOf('');
  if (headers === -1 || !lines.slice(0, headers).every((line) => line.includes(':'))) {
    throw new EntryError(`Cannot read ${what}: expected headers and an empty line at the head of a PGP block`);
  }
  const body = lines.slice(headers + 1);
  const last = body.at(-1);
  const hasChecksum = last?.startsWith('=') === true && last.length === CHECKSUM_LENGTH;
  return decodeBase64((hasChecksum ? body.slice(0, -1) : body).join(''), what);
}
