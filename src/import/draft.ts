import { createPublicKey, hash, X509Certificate, type KeyObject } from 'node:crypto';
import { shown } from '../alert/escape.ts';
import { compilePattern } from '../policy/pattern.ts';
import type { AcceptedKey, ClaimPatterns, Identity, Monitored, Note, Origin } from './identity.ts';

/** So many identities, keys and monitored values are imported at most. */
export const MAX_IMPORTED = 2000;
/** So many notes are kept. */
const MAX_NOTES = 2000;
/** Characters of text from elsewhere in one of ours. */
const MAX_TEXT = 400;

/** What has been read so far of what is imported. */
export class ImportDraft {
  readonly identities: Identity[] = [];
  readonly keys: AcceptedKey[] = [];
  readonly monitored: Monitored[] = [];
  /** The policies and configurations that were found, for people. */
  readonly sources: string[] = [];
  readonly #notes = new Map<string, Note>();

  get notes(): readonly Note[] {
    return [...this.#notes.values()];
  }

  /** Says what cannot be said in a watch; once, however often it is said. Throws SyntaxError when there is too much to say. */
  note({ file, line }: Origin, message: string): void {
    const text = shown(message, MAX_TEXT);
    this.#notes.set(`${file}:${line}:${text}`, { file, line, message: text });
    if (this.#notes.size > MAX_NOTES) {
      throw new SyntaxError(
        `Cannot import "${file}": more than ${MAX_NOTES} things of it cannot be said in a watch, expected a policy`,
      );
    }
  }

  /** Adds whom a policy accepts. Throws SyntaxError when there are too many. */
  accept(claims: ClaimPatterns, origin: Origin, of: string): void {
    this.#requireRoom(origin);
    if (this.#compiles(claims, origin)) {
      this.identities.push({ claims, origin, of: shown(of, MAX_TEXT) });
    }
  }

  /** Adds what a monitor looks for. Throws SyntaxError when there is too much. */
  monitor(group: Monitored['group'], select: ClaimPatterns, origin: Origin, of: string): void {
    this.#requireRoom(origin);
    if (this.#compiles(select, origin)) {
      this.monitored.push({ group, select, origin, of: shown(of, MAX_TEXT) });
    }
  }

  /**
   * Adds the keys of a PEM text: public keys, or those of certificates. What is none is noted. `counting`: of several only the first is
   * read by the tool (others are the chain of a certificate, say). Throws SyntaxError for too many.
   */
  acceptPem(pem: string, origin: Origin, of: string, counting: 'all' | 'first'): void {
    const blocks = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g)];
    if (blocks.length === 0) {
      this.note(origin, 'no key: what stands there is no PEM, expected -----BEGIN PUBLIC KEY-----');
    }
    if (counting === 'first' && blocks.length > 1) {
      this.note(
        origin,
        `only the first of ${blocks.length} keys and certificates is read there: the others were left out`,
      );
    }
    for (const [block, label = ''] of counting === 'first' ? blocks.slice(0, 1) : blocks) {
      this.#requireRoom(origin);
      const fingerprint = fingerprintOf(block, label);
      if (fingerprint === null) {
        this.note(origin, `no key: ${label} is not one or is broken, expected PUBLIC KEY or CERTIFICATE`);
      } else {
        this.keys.push({ fingerprint, origin, of: shown(of, MAX_TEXT) });
      }
    }
  }

  /** False, and noted, for a pattern that no configuration may have: it is too long. */
  #compiles(claims: ClaimPatterns, origin: Origin): boolean {
    try {
      Object.entries(claims).forEach(([claim, source]) => compilePattern(source, claim));
      return true;
    } catch (error) {
      if (!(error instanceof SyntaxError)) {
        throw error;
      }
      this.note(origin, `${error.message}: it was left out`);
      return false;
    }
  }

  #requireRoom({ file, line }: Origin): void {
    if (this.identities.length + this.keys.length + this.monitored.length >= MAX_IMPORTED) {
      throw new SyntaxError(
        `Cannot import "${file}": line ${line} comes after ${MAX_IMPORTED} identities and keys, expected fewer in one configuration`,
      );
    }
  }
}

/** SHA-256 of the SubjectPublicKeyInfo, hex; null for what is no public key or certificate. */
function fingerprintOf(pem: string, label: string): string | null {
  if (!['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE'].includes(label)) {
    return null;
  }
  let key: KeyObject;
  try {
    // YAML may have left blanks before each line.
    const text = pem.replace(/^[ \t]+/gm, '');
    key = label === 'CERTIFICATE' ? new X509Certificate(text).publicKey : createPublicKey(text);
  } catch {
    return null;
  }
  return hash('sha256', key.export({ format: 'der', type: 'spki' }), 'hex');
}
