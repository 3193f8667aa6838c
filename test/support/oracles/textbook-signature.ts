import { createPublicKey } from 'node:crypto';

/** y² = x³ − 3x + b over the integers modulo p; n points, of which g makes all (SEC 2, version 2.0, §2.4, §2.5, §2.6). */
interface Curve {
  readonly p: bigint;
  readonly n: bigint;
  readonly g: Point;
}

/** Null stands for the point at infinity. */
type Point = { readonly x: bigint; readonly y: bigint } | null;

const P256: Curve = {
  p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  g: {
    x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  },
};
const P384: Curve = {
  p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
  n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  g: {
    x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  },
};
const CURVES: Readonly<Record<string, Curve>> = { 'P-256': P256, 'P-384': P384 };

/** DigestInfo of SHA-256 up to the digest (RFC 8017 §9.2, note 1). */
const SHA256_INFO = '3031300d060960864801650304020105000420';

/**
 * Whether a signature holds over a digest, by the schoolbook: ECDSA (SEC 1, version 2.0, §4.1.4) on P-256 and P-384, RSA with
 * PKCS #1 v1.5 (RFC 8017 §8.2.2) over SHA-256. node:crypto always hashes itself. Throws for keys of other kinds.
 */
export function holdsOverDigest(spki: Buffer, digest: Buffer, signature: Buffer): boolean {
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const { kty, crv = '', x = '', y = '', n = '', e = '' } = key.export({ format: 'jwk' });
  if (kty === 'RSA') {
    return rsaHolds(fromUrl(n), fromUrl(e), digest, signature);
  }
  const curve = CURVES[crv];
  if (curve === undefined) {
    throw new TypeError(`Cannot check a signature on ${crv}: expected P-256 or P-384`);
  }
  return ecdsaHolds(curve, { x: fromUrl(x), y: fromUrl(y) }, digest, signature);
}

function ecdsaHolds(curve: Curve, key: Point, digest: Buffer, signature: Buffer): boolean {
  const [r, s] = readPair(signature);
  const { n, g } = curve;
  if (r < 1n || r >= n || s < 1n || s >= n) {
    return false;
  }
  const bits = n.toString(2).length;
  const whole = fromBytes(digest);
  const z = digest.length * 8 > bits ? whole >> BigInt(digest.length * 8 - bits) : whole;
  const w = invert(s, n);
  const sum = add(curve, multiply(curve, (z * w) % n, g), multiply(curve, (r * w) % n, key));
  return sum !== null && sum.x % n === r;
}

/** SEQUENCE of two INTEGERs; a signature of some other form is none. */
function readPair(der: Buffer): readonly [bigint, bigint] {
  const length = der[3] ?? 0;
  const r = der.subarray(4, 4 + length);
  const s = der.subarray(6 + length);
  const isPair =
    der[0] === 0x30 &&
    der[1] === der.length - 2 &&
    der[2] === 2 &&
    der[4 + length] === 2 &&
    der[5 + length] === s.length;
  return isPair ? [fromBytes(r), fromBytes(s)] : [0n, 0n];
}

function multiply(curve: Curve, factor: bigint, point: Point): Point {
  let result: Point = null;
  for (const bit of factor.toString(2)) {
    result = add(curve, result, result);
    result = bit === '1' ? add(curve, result, point) : result;
  }
  return result;
}

function add({ p }: Curve, a: Point, b: Point): Point {
  if (a === null || b === null) {
    return a ?? b;
  }
  if (a.x === b.x && a.y !== b.y) {
    return null;
  }
  const slope = a.x === b.x ? (3n * a.x * a.x - 3n) * invert(2n * a.y, p) : (b.y - a.y) * invert(b.x - a.x, p);
  const x = modulo(slope * slope - a.x - b.x, p);
  return { x, y: modulo(slope * (a.x - x) - a.y, p) };
}

/** By Euclid's algorithm. */
function invert(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [modulo(value, modulus), modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [a, b, x, y] = [b - quotient * a, a, y - quotient * x, x];
  }
  return modulo(x, modulus);
}

function modulo(value: bigint, modulus: bigint): bigint {
  return ((value % modulus) + modulus) % modulus;
}

function rsaHolds(n: bigint, e: bigint, digest: Buffer, signature: Buffer): boolean {
  const size = n.toString(16).length;
  const info = SHA256_INFO + digest.toString('hex');
  const expected = `0001${'f'.repeat(size - 6 - info.length)}00${info}`;
  return power(fromBytes(signature), e, n).toString(16).padStart(size, '0') === expected;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    const square = (result * result) % modulus;
    result = bit === '1' ? (square * base) % modulus : square;
  }
  return result;
}

function fromUrl(text: string): bigint {
  return fromBytes(Buffer.from(text, 'base64url'));
}

function fromBytes(bytes: Buffer): bigint {
  return BigInt(`0x0${bytes.toString('hex')}`);
}
