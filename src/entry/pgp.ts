import { decodeBase64 } from './base64.ts';
import { EntryError } from './entry-error.ts';
import type { Signer } from './entry.ts';
import { dearmor } from './pgp-armor.ts';
import { PgpKeyRing } from './pgp-key-ring.ts';

/**
 * Who may have signed by base64 of a PGP public key file, armoured or not (RFC 4880 §11.1): a signer for each primary key. Its
 * claim `key` holds first the fingerprint of the primary key and then those of its subkeys, any of which may have signed; its
 * `key_subject` the addresses of its user ids. All of that is what the key says of itself. `signature`: null where the entry records
 * none. Throws EntryError; `what` names the key file.
 */
export function signersFromPgp(publicKey: unknown, signature: Buffer | null, what: string): readonly Signer[] {
  const ring = new PgpKeyRing(what);
  blocksOf(decodeBase64(publicKey, what), what).forEach((block) => {
    ring.add(block);
  });
  if (ring.keys.length === 0) {
    throw new EntryError(`Cannot read ${what}: it holds no PGP key, expected a public one`);
  }
  return ring.keys.map(({ fingerprint, subkeys, addresses }) => ({
    type: 'pgp',
    fingerprint,
    claims: { key: [fingerprint, ...subkeys], ...(addresses.size > 0 && { key_subject: [...addresses] }) },
    certificate: null,
    spki: null,
    signature,
  }));
}

/** Packets begin with a byte that no text in ASCII has. */
function blocksOf(file: Buffer, what: string): readonly Buffer[] {
  return (file[0] ?? 0) < 0x80 ? dearmor(file.toString('latin1'), what) : [file];
}
