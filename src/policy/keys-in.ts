/** Longer ones are no public keys that anybody signs with: RSA of 16384 bits takes half of it. */
const LONGEST_KEY = 4096;

const SEQUENCE = 0x30;

/** Object identifiers of public key algorithms as they stand in DER: elliptic curves (RFC 5480 §2.1.1), RSA (RFC 8017 §A.1), Ed25519 (RFC 8410 §3). */
const ALGORITHMS: readonly Buffer[] = ['06072a8648ce3d0201', '06092a864886f70d010101', '06032b6570'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

/** How DER writes a length, by what goes before it: the shortest way that fits. */
const LENGTHS = [
  { size: 1, prefix: null, from: 0 },
  { size: 1, prefix: 0x81, from: 0x80 },
  { size: 2, prefix: 0x82, from: 0x100 },
] as const;

/** Each SubjectPublicKeyInfo that stands anywhere in `bytes`, in a certificate or bare. */
export function* keysIn(bytes: Buffer): Generator<Buffer> {
  for (const algorithm of ALGORITHMS) {
    for (let at = bytes.indexOf(algorithm); at !== -1; at = bytes.indexOf(algorithm, at + 1)) {
      // The sequence of the algorithm and its parameters is short: two bytes lead into it.
      const spki = at >= 2 && bytes[at - 2] === SEQUENCE ? sequenceOver(bytes, at - 2) : null;
      if (spki !== null) {
        yield spki;
      }
    }
  }
}

/** The sequence whose first element begins at `at`; null where none does. */
function sequenceOver(bytes: Buffer, at: number): Buffer | null {
  for (const { size, prefix, from } of LENGTHS) {
    const start = at - size - (prefix === null ? 1 : 2);
    if (start >= 0 && bytes[start] === SEQUENCE && (prefix === null || bytes[start + 1] === prefix)) {
      const length = bytes.readUIntBE(at - size, size);
      if (length >= from && length <= LONGEST_KEY && at + length <= bytes.length) {
        return bytes.subarray(start, at + length);
      }
    }
  }
  return null;
}
