/** SubjectPublicKeyInfo of every Ed25519 key up to its 32 bytes (RFC 8410 §4). */
const HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** SubjectPublicKeyInfo of the 32 bytes of an Ed25519 key. */
export function ed25519Spki(key: Buffer): Buffer {
  return Buffer.concat([HEAD, key]);
}

/** Whether a SubjectPublicKeyInfo is of Ed25519. */
export function isEd25519(spki: Buffer): boolean {
  return spki.subarray(0, HEAD.length).equals(HEAD);
}
