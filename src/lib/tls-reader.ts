/**
 * Reads a structure in the presentation language of TLS (RFC 8446 §3), front to back: unsigned big-endian numbers, and
 * byte strings with their length before them. Each method throws SyntaxError where the bytes end too early; `what` names
 * the structure in it. What is read are views into the bytes.
 */
export class TlsReader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** How many bytes were read. */
  get position(): number {
    return this.#at;
  }

  /** Whether anything is left to read. */
  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** A number of `size` ≤ 6 bytes. */
  number(size: number): number {
    return this.bytes(size).readUIntBE(0, size);
  }

  /** A 64-bit number. Throws SyntaxError beyond 2^53−1 as well, which no time or size reaches. */
  long(): number {
    const value = Number(this.bytes(8).readBigUInt64BE());
    if (!Number.isSafeInteger(value)) {
      throw new SyntaxError(`Cannot read ${this.#what}: found the number ${value}, expected at most 2^53−1`);
    }
    return value;
  }

  /** Exactly `length` bytes. */
  bytes(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) {
      throw new SyntaxError(
        `Cannot read ${this.#what}: ${length} bytes expected at byte ${this.#at}, found ${this.#bytes.length - this.#at}`,
      );
    }
    const found = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return found;
  }

  /** A byte string after its length, a number of `lengthSize` bytes. */
  opaque(lengthSize: number): Buffer {
    return this.bytes(this.number(lengthSize));
  }

  /** Throws SyntaxError unless all was read. */
  end(): void {
    if (!this.done) {
      throw new SyntaxError(
        `Cannot read ${this.#what}: ${this.#bytes.length - this.#at} bytes follow at its end, expected none`,
      );
    }
  }
}

/** A byte string with its length before it, a number of `lengthSize` bytes. Throws RangeError where that cannot hold it. */
export function tlsOpaque(lengthSize: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length = Buffer.alloc(lengthSize);
  length.writeUIntBE(body.length, 0, lengthSize);
  return Buffer.concat([length, body]);
}
