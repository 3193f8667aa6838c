import { leafHash, nodeHash, sha256, type Hash } from '../../src/tlog/hash.ts';

/**
 * Trees straight from the recursive definitions of RFC 6962 §2.1, slow and obvious, to compare the real code with.
 *
 * With `cuts`, a tree of any size: subtrees of 256^k leaves (k ≥ 1) that no cut divides get a made-up hash instead of
 * one computed from their leaves. Every size and every `index` and `index + 1` asked for must then be a cut.
 */
export class ReferenceTree {
  readonly #leaf: (index: number) => Hash;
  readonly #cuts: readonly number[] | null;
  readonly #known = new Map<string, Hash>();

  constructor(options: { leaf?: (index: number) => Hash; cuts?: readonly number[] } = {}) {
    this.#leaf = options.leaf ?? ((index) => leafHash(Buffer.from(`leaf ${index}`)));
    this.#cuts = options.cuts ?? null;
  }

  leaf(index: number): Hash {
    return this.#leaf(index);
  }

  root(size: number): Hash {
    return this.hash(0, size);
  }

  /** MTH(D[from:to]). */
  hash(from: number, to: number): Hash {
    const key = `${from} ${to}`;
    const known = this.#known.get(key) ?? this.#compute(from, to);
    this.#known.set(key, known);
    return known;
  }

  /** PATH(index, D[from:to]), index counted from the start of the tree. */
  inclusion(index: number, to: number, from = 0): Hash[] {
    const middle = split(from, to);
    return to - from === 1
      ? []
      : index < middle
        ? [...this.inclusion(index, middle, from), this.hash(middle, to)]
        : [...this.inclusion(index, to, middle), this.hash(from, middle)];
  }

  /** The part of PATH(index, D[from:to]) that stands right of the leaf. */
  rightOf(index: number, to: number, from = 0): Hash[] {
    const middle = split(from, to);
    return to - from === 1
      ? []
      : index < middle
        ? [...this.rightOf(index, middle, from), this.hash(middle, to)]
        : this.rightOf(index, to, middle);
  }

  /** PROOF(oldSize, D[0:newSize]). */
  consistency(oldSize: number, newSize: number): Hash[] {
    return this.#subproof(oldSize, 0, newSize, true);
  }

  /** The perfect subtrees of the first `to` leaves, as the definition divides them. */
  frontier(to: number, from = 0): Hash[] {
    const middle = split(from, to);
    return from === to
      ? []
      : middle * 2 - from === to || to - from === 1
        ? [this.hash(from, to)]
        : [this.hash(from, middle), ...this.frontier(to, middle)];
  }

  /** The largest aligned perfect subtrees inside [from, to), found from above. */
  cover(from: number, to: number, level = 53, index = 0): { level: number; index: number; hash: Hash }[] {
    const [start, end] = [index * 2 ** level, (index + 1) * 2 ** level];
    if (end <= from || start >= to) {
      return [];
    }
    return from <= start && end <= to
      ? [{ level, index, hash: this.hash(start, end) }]
      : [...this.cover(from, to, level - 1, 2 * index), ...this.cover(from, to, level - 1, 2 * index + 1)];
  }

  /** The first `width` hashes of a tile. */
  tile(level: number, index: number, width: number): Hash[] {
    const leaves = 256 ** level;
    const first = index * 256;
    return Array.from({ length: width }, (_, slot) => this.hash((first + slot) * leaves, (first + slot + 1) * leaves));
  }

  #compute(from: number, to: number): Hash {
    if (to - from === 0) {
      return sha256(Buffer.alloc(0));
    }
    if (to - from === 1) {
      return this.#leaf(from);
    }
    const middle = split(from, to);
    return this.#isOpaque(from, to)
      ? sha256(Buffer.from(`leaves ${from} to ${to}`))
      : nodeHash(this.hash(from, middle), this.hash(middle, to));
  }

  #isOpaque(from: number, to: number): boolean {
    const isTile = [1, 2, 3, 4, 5, 6].some((level) => to - from === 256 ** level) && from % (to - from) === 0;
    return isTile && this.#cuts !== null && !this.#cuts.some((cut) => from < cut && cut < to);
  }

  #subproof(size: number, from: number, to: number, whole: boolean): Hash[] {
    const middle = split(from, to);
    if (size === to) {
      return whole ? [] : [this.hash(from, to)];
    }
    return size <= middle
      ? [...this.#subproof(size, from, middle, whole), this.hash(middle, to)]
      : [...this.#subproof(size, middle, to, false), this.hash(from, middle)];
  }
}

/** Where a tree of these leaves divides: after the largest power of two smaller than their number. */
function split(from: number, to: number): number {
  let width = 1;
  while (width * 2 < to - from) {
    width *= 2;
  }
  return from + width;
}

/** Sizes around which 32-bit and float arithmetic break. */
export const BIG_SIZES = [2 ** 31, 2 ** 32, 2 ** 52].flatMap((size) => [-3, -2, -1, 0, 1, 2, 3].map((d) => size + d));

/** A reference tree that can answer for every size and index in {@link BIG_SIZES} and for small ones. */
export function bigTree(): ReferenceTree {
  const small = [0, 1, 2, 3, 100, 256, 257, 65_536];
  return new ReferenceTree({ cuts: [...small, ...BIG_SIZES].flatMap((size) => [size - 1, size, size + 1]) });
}

/** Leaf data and roots of protocol vectors: the eight leaves that RFC 6962's test suites share. */
export const VECTOR_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => leafHash(Buffer.from(hex, 'hex')));

export const VECTOR_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
