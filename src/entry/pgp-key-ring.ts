import { addressesIn } from './address.ts';
import { EntryError } from './entry-error.ts';
import { pgpFingerprint } from './pgp-fingerprint.ts';
import { readPackets } from './pgp-packets.ts';

/** Keys and subkeys in one file. Key rings of whole distributions have a hundred. */
const MAX_KEYS = 1000;
/** User ids and e-mail addresses in one file. */
const MAX_NAMES = 2000;

/** Tags of packets (RFC 9580 §5). All others, signatures among them, do not say who the key is. */
const SECRET_KEY = 5;
const PUBLIC_KEY = 6;
const SECRET_SUBKEY = 7;
const USER_ID = 13;
const PUBLIC_SUBKEY = 14;
const TAGS: ReadonlySet<number> = new Set([SECRET_KEY, PUBLIC_KEY, SECRET_SUBKEY, USER_ID, PUBLIC_SUBKEY]);

/** A primary key and what is said to be part of it. */
export interface PgpKey {
  /** Lower-case hex, as of subkeys. */
  readonly fingerprint: string;
  readonly subkeys: ReadonlySet<string>;
  /** E-mail addresses of its user ids. */
  readonly addresses: ReadonlySet<string>;
}

interface Growing extends PgpKey {
  readonly subkeys: Set<string>;
  readonly addresses: Set<string>;
}

/** The primary keys in the packets of PGP public keys, gathered block by block; a key that stands there twice is one. */
export class PgpKeyRing {
  readonly #keys = new Map<string, Growing>();
  readonly #what: string;
  #fingerprints = 0;
  #names = 0;

  /** `what` names the key file in errors. */
  constructor(what: string) {
    this.#what = what;
  }

  get keys(): readonly PgpKey[] {
    return [...this.#keys.values()];
  }

  /** Adds all keys of one block (RFC 4880 §11.1), without a look at the signatures that bind them. Throws EntryError. */
  add(block: Buffer): void {
    let primary: Growing | null = null;
    for (const { tag, begin, end } of readPackets(block, this.#what)) {
      if (TAGS.has(tag)) {
        primary = this.#take(tag, block.subarray(begin, end), primary);
      }
    }
  }

  /** Gives the primary key to which the next packet belongs. */
  #take(tag: number, body: Buffer, primary: Growing | null): Growing {
    if (tag === SECRET_KEY || tag === SECRET_SUBKEY) {
      throw new EntryError(`Cannot read ${this.#what}: it holds a secret PGP key, expected public ones`);
    }
    if (tag === PUBLIC_KEY) {
      return this.#keyOf(body);
    }
    if (primary === null) {
      throw new EntryError(`Cannot read ${this.#what}: a PGP subkey or user id stands before any primary key`);
    }
    if (tag === PUBLIC_SUBKEY) {
      primary.subkeys.add(this.#fingerprint(body));
    } else {
      this.#addAddresses(body.toString(), primary.addresses);
    }
    return primary;
  }

  #keyOf(body: Buffer): Growing {
    const fingerprint = this.#fingerprint(body);
    const key = this.#keys.get(fingerprint) ?? { fingerprint, subkeys: new Set(), addresses: new Set() };
    this.#keys.set(fingerprint, key);
    return key;
  }

  #fingerprint(body: Buffer): string {
    this.#fingerprints += 1;
    this.#requireAtMost(MAX_KEYS, this.#fingerprints, 'PGP keys');
    return pgpFingerprint(body, this.#what);
  }

  #addAddresses(userId: string, addresses: Set<string>): void {
    this.#countName();
    for (const address of addressesIn(userId)) {
      if (!addresses.has(address)) {
        this.#countName();
        addresses.add(address);
      }
    }
  }

  #countName(): void {
    this.#names += 1;
    this.#requireAtMost(MAX_NAMES, this.#names, 'PGP user ids and addresses');
  }

  #requireAtMost(limit: number, count: number, things: string): void {
    if (count > limit) {
      throw new EntryError(`Cannot read ${this.#what}: it holds more ${things} than the ${limit} expected at most`);
    }
  }
}
