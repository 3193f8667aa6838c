import { hash } from 'node:crypto';
import { keysIn } from './keys-in.ts';
import { indexNeedles, SHORTEST, type Needle } from './needle-index.ts';
import { pgpKeysIn } from './pgp-keys-in.ts';
import { decodedRuns, unescaped } from './unfold.ts';

/** What a look at some bytes found. */
export interface Sought {
  /** Positions of the needles that were found. */
  readonly found: ReadonlySet<number>;
  /** Fingerprints of the public keys that were found, hex: SHA-256, and those of PGP; only where they were asked for. */
  readonly keys: ReadonlySet<string>;
  /** False where the bytes unfold to more than is worth looking at: then only a part was. */
  readonly complete: boolean;
}

/** How deep what is folded up in an entry is followed: its own JSON, and four levels in that. */
const MAX_DEPTH = 5;
/** How often escapes of escapes are resolved in one level. */
const MAX_ESCAPES = 4;

/** Bytes that are looked at for each byte that was given, and in any case: an honest entry unfolds to less. */
const MAX_FACTOR = 16;
const MAX_EXTRA = 256 * 1024;

/**
 * Prepares a search for all needles at once, and where `withKeys` for public keys. They are looked for in the bytes as they are,
 * without their NULs (ASCII text in UTF-16), and through JSON's escapes and base64, PEM among it, to depth {@link MAX_DEPTH}. Takes
 * time linear in the bytes, whatever they are, and hardly more for a thousand needles than for one.
 */
export function createSearch(needles: readonly Needle[], withKeys: boolean): (bytes: Buffer) => Sought {
  const index = indexNeedles(needles);
  return (bytes) => {
    const found = new Set<number>();
    const keys = new Set<string>();
    let left = needles.length === 0 && !withKeys ? 0 : bytes.length * MAX_FACTOR + MAX_EXTRA;
    // What looks like a key within a key costs a hash each: it must not use up what is there for the needles.
    const keyFinder = withKeys ? createKeyFinder(left) : null;
    let level: readonly Buffer[] = left === 0 ? [] : [bytes];
    for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
      const next: Buffer[] = [];
      for (const view of level) {
        const forms = formsOf(view);
        for (const form of forms.flatMap(withoutNuls)) {
          left -= form.length;
          if (left < 0) {
            return { found, keys, complete: false };
          }
          index.scan(form, found);
        }
        keyFinder?.addTo(keys, view);
        if (depth < MAX_DEPTH) {
          // Of the form without escapes: base64 with escaped line ends or slashes is one run there.
          next.push(...decodedRuns(forms.at(-1) ?? view).filter(({ length }) => length >= SHORTEST));
        }
      }
      level = next;
    }
    return { found, keys, complete: keyFinder?.isComplete !== false };
  };
}

/** Adds the fingerprints of the public keys in a view to those that were found. */
interface KeyFinder {
  /** False once there was more to hash than is worth it. */
  readonly isComplete: boolean;
  addTo(keys: Set<string>, view: Buffer): void;
}

/** `left`: so many bytes are hashed in all. */
function createKeyFinder(left: number): KeyFinder {
  let rest = left;
  const afford = (key: Buffer): boolean => {
    rest -= key.length;
    return rest >= 0;
  };
  return {
    get isComplete() {
      return rest >= 0;
    },
    addTo(keys, view) {
      for (const spki of keysIn(view)) {
        if (!afford(spki)) {
          return;
        }
        keys.add(hash('sha256', spki, 'hex'));
      }
      for (const found of pgpKeysIn(view)) {
        if (!afford(found.body)) {
          return;
        }
        keys.add(found.fingerprint());
      }
    },
  };
}

/** The bytes, then each time without one level of JSON's escapes. */
function formsOf(view: Buffer): readonly Buffer[] {
  const forms = [view];
  for (let form = unescaped(view); form !== null && forms.length <= MAX_ESCAPES; form = unescaped(form)) {
    forms.push(form);
  }
  return forms;
}

/** The bytes, and where ASCII text in UTF-16 stands in them, also those without NULs. */
function withoutNuls(bytes: Buffer): readonly Buffer[] {
  if (!hasWideText(bytes)) {
    return [bytes];
  }
  const out = Buffer.allocUnsafe(bytes.length);
  let written = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    out[written] = byte;
    written += byte === 0 ? 0 : 1;
  }
  return [bytes, out.subarray(0, written)];
}

/** Every other byte of it is a NUL. */
function hasWideText(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(0); at !== -1; at = bytes.indexOf(0, at + 1)) {
    if (bytes[at + 2] === 0 && bytes[at + 4] === 0) {
      return true;
    }
  }
  return false;
}
