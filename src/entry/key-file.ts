import { isNonEmpty, type NonEmpty } from '../lib/non-empty.ts';
import { tryBase64 } from './base64.ts';
import { DerError } from './der.ts';
import { EntryError } from './entry-error.ts';
import type { Signer } from './entry.ts';
import { parseLoosePem } from './loose-pem.ts';
import { signerFromMinisign } from './minisign.ts';
import { signersFromPgp } from './pgp.ts';
import { signerFromPem } from './signer.ts';
import { signerFromSsh } from './ssh-key.ts';

const EXPECTED =
  'expected a public key: PEM (PUBLIC KEY or CERTIFICATE), a PGP public key, one line of an SSH key, or a minisign key';

/** What the algorithm `Ed`, a key id and a key are in base64: 42 bytes (minisign and signify). */
const MINISIGN_LINE = /^RW[A-Za-z0-9+/]{54}$/;
/** The shortest secret key in the same form: signify's, 104 bytes. */
const SECRET_BYTES = 104;

/**
 * Who signs with the keys of a file: PEM of a public key or of a certificate (and its chain), PGP public keys, armoured or not,
 * a line of an SSH public key, or a public key of minisign or signify. Throws SyntaxError: what a file of a private key holds is
 * never part of its message. `what` names the file.
 */
export function signersFromKeyFile(file: Buffer, what: string): NonEmpty<Signer> {
  const text = file.toString('latin1');
  if (isPrivate(text)) {
    throw new SyntaxError(
      `Cannot read ${what}: it is a private key, which belongs nowhere near a monitor; expected its public part`,
    );
  }
  try {
    const signers = readSigners(file, text, what);
    if (isNonEmpty(signers)) {
      return signers;
    }
  } catch (error) {
    if (error instanceof EntryError || error instanceof DerError) {
      throw new SyntaxError(error.message.includes(what) ? error.message : `Cannot read ${what}: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
  throw new SyntaxError(`Cannot read ${what}: it holds no key that is known here, ${EXPECTED}`);
}

function readSigners(file: Buffer, text: string, what: string): readonly Signer[] {
  const base64 = file.toString('base64');
  // Packets of PGP begin with a byte that no text in ASCII has (RFC 9580 §4.2).
  if ((file[0] ?? 0) >= 0x80 || text.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----')) {
    return signersFromPgp(base64, null, what);
  }
  if (text.includes('-----BEGIN ')) {
    return [signerFromPem(base64, null, what, parseLoosePem)];
  }
  if (/^\s*(?:ssh-|ecdsa-sha2-|sk-)\S+[ \t]/.test(text)) {
    return [signerFromSsh(base64, null, what)];
  }
  // 32 bytes alone could as well be a secret: only what says of itself that it is a public key is one.
  return lastLine(text).some((line) => MINISIGN_LINE.test(line)) ? [signerFromMinisign(base64, null, what)] : [];
}

/** PKCS #1 and #8, SEC 1, OpenSSH, cosign, PGP; PuTTY; minisign and signify. */
function isPrivate(text: string): boolean {
  return (
    /-----BEGIN [A-Z0-9 ]*(?:PRIVATE|SECRET) KEY/.test(text) ||
    text.includes('PuTTY-User-Key-File') ||
    /^untrusted comment:[^\n]*(?:secret|private) key/.test(text) ||
    lastLine(text).some(isSecretLine)
  );
}

function isSecretLine(line: string): boolean {
  const bytes = line.startsWith('RW') ? tryBase64(line) : null;
  return bytes !== null && bytes.length >= SECRET_BYTES;
}

/** The last line that is not empty; none of a text of many lines, which is no key of minisign. */
function lastLine(text: string): readonly string[] {
  const lines = text.slice(0, 4096).trimEnd().split(/\r?\n/);
  return lines.length > 2 ? [] : lines.slice(-1).map((line) => line.trim());
}
