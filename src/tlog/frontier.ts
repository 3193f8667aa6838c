import { isCount, popcount } from './bits.ts';
import { EMPTY_ROOT, HASH_SIZE, nodeHash, toHash, type Hash } from './hash.ts';

/**
 * The compact range of a tree's first `size` leaves: the roots of the perfect subtrees that make it up, one for each
 * set bit of `size`, left to right and so highest level first. It is all that is needed to go on appending leaves.
 */
export class Frontier {
  #size: number;
  readonly #hashes: Hash[];

  private constructor(size: number, hashes: Hash[]) {
    this.#size = size;
    this.#hashes = hashes;
  }

  /** The frontier of no leaves. */
  static empty(): Frontier {
    return new Frontier(0, []);
  }

  /** Takes subtree roots, left to right. Throws SyntaxError unless there is one for each set bit of `size`. */
  static from(size: number, hashes: readonly Hash[]): Frontier {
    if (!isCount(size)) {
      throw new SyntaxError(`Cannot make a frontier of size ${size}: expected a whole number from 0 to 2^53−1`);
    }
    const expected = popcount(size);
    if (hashes.length !== expected) {
      throw new SyntaxError(
        `Cannot make a frontier of size ${size} from ${hashes.length} hashes: expected ${expected}`,
      );
    }
    return new Frontier(size, [...hashes]);
  }

  /** Reads what {@link toBytes} wrote. Throws SyntaxError unless the bytes are one hash for each set bit of `size`. */
  static fromBytes(size: number, bytes: Uint8Array): Frontier {
    if (bytes.length % HASH_SIZE !== 0) {
      throw new SyntaxError(`Cannot read a frontier from ${bytes.length} bytes: expected a multiple of ${HASH_SIZE}`);
    }
    const hashes: Hash[] = [];
    for (let start = 0; start < bytes.length; start += HASH_SIZE) {
      hashes.push(toHash(bytes.subarray(start, start + HASH_SIZE)));
    }
    return Frontier.from(size, hashes);
  }

  /** How many leaves were appended. */
  get size(): number {
    return this.#size;
  }

  /** The subtree roots as of now, left to right. */
  get hashes(): readonly Hash[] {
    return [...this.#hashes];
  }

  /** Appends one leaf, given its leaf hash. Throws RangeError beyond 2^53−1 leaves. */
  append(leaf: Hash): void {
    this.appendSubtree(0, leaf);
  }

  /** Appends a perfect subtree of 2^level leaves, given its root. Throws RangeError where such a subtree cannot begin. */
  appendSubtree(level: number, root: Hash): void {
    const leaves = 2 ** level;
    if (this.#size % leaves !== 0 || !isCount(this.#size + leaves)) {
      throw new RangeError(`Cannot append a subtree of ${leaves} leaves at ${this.#size}: expected a multiple`);
    }
    let node = root;
    for (let index = this.#size / leaves; index % 2 === 1; index = (index - 1) / 2) {
      // Never undefined: each set bit of the size has its hash.
      node = nodeHash(this.#hashes.pop() as Hash, node);
    }
    this.#hashes.push(node);
    this.#size += leaves;
  }

  /** An independent copy. */
  clone(): Frontier {
    return new Frontier(this.#size, [...this.#hashes]);
  }

  /** The root of the tree of these leaves (RFC 6962 §2.1). */
  root(): Hash {
    return this.#hashes.length === 0 ? EMPTY_ROOT : this.#hashes.reduceRight((right, left) => nodeHash(left, right));
  }

  /** True when the other has the same size and the same hashes. */
  equals(other: Frontier): boolean {
    return this.#size === other.#size && this.toBytes().equals(other.toBytes());
  }

  /** The hashes one after the other, left to right: 32 bytes each. */
  toBytes(): Buffer {
    return Buffer.concat(this.#hashes);
  }
}
