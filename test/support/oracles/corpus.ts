import { hash, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { isObject, type JsonObject } from '../../../src/entry/json.ts';
import { at } from './json-path.ts';
import { realdata } from '../realdata.ts';
import { readRecordedRekorV2, splitBundle } from '../recorded-rekor-v2.ts';

/** Something that was recorded, and where: relative to the real data. */
export interface Recorded<T> {
  readonly file: string;
  readonly value: T;
}

/** An entry with what stands beside it as that which was signed. */
export interface Attested {
  readonly body: Buffer;
  readonly payload: Buffer;
  /** Null where nobody says. */
  readonly payloadType: string | null;
}

/** All that is looked for in the real data, each content once. */
export interface Corpus {
  /** Bytes that a log hashed, or that a test of somebody's pretends it did. */
  readonly bodies: readonly Recorded<Buffer>[];
  /** X.509 certificates as OpenSSL reads them, DER. */
  readonly certificates: readonly Recorded<Buffer>[];
  /** Objects with `verificationMaterial`: the bodies of the entries of each, which may be none. */
  readonly bundles: readonly Recorded<readonly Buffer[]>[];
  /** The bodies of bundles with the envelopes of the same bundles, and those that Rekor v1 served with a stored attestation. */
  readonly attested: readonly Recorded<Attested>[];
  /** The bodies of bundles that hold the signature of a message instead. */
  readonly messages: readonly Recorded<Buffer>[];
}

/** Vectors of trees, and what somebody's run of this program left there. */
const SKIPPED = /^merkle\/|\.db(-wal|-shm)?$/;
/** What clients asked of Rekor: no entries, but certificates. */
const REQUESTS = /^rekor-v1\/rekor-own-testdata\//;
/** JSON, base64 and PEM inside of each other. */
const MAX_DEPTH = 5;

/** Reads all of the real data. Takes seconds. */
export function readCorpus(): Corpus {
  const found = new Finds();
  const files = readdirSync(realdata('.'), { recursive: true, encoding: 'utf8' }).sort();
  for (const file of files.filter((name) => !SKIPPED.test(name) && statSync(realdata(name)).isFile())) {
    found.addFile(file, readFileSync(realdata(file)));
  }
  readRecordedRekorV2().forEach(({ leaf }) => {
    found.addBody('servers/rekor-v2/log', leaf);
  });
  for (const system of ['flux', 'tekton', 'argo-cd', 'aks']) {
    const folder = `systems/${system}/recorded/v2/log`;
    const size = readFileSync(realdata(`${folder}/checkpoint`), 'utf8').split('\n')[1] ?? '';
    splitBundle(readFileSync(realdata(`${folder}/tile/entries/000.p/${size}`))).forEach((leaf) => {
      found.addBody(folder, leaf);
    });
  }
  return found;
}

class Finds implements Corpus {
  readonly #bodies = new Map<string, Recorded<Buffer>>();
  readonly #certificates = new Map<string, Recorded<Buffer>>();
  readonly #bundles = new Map<string, Recorded<readonly Buffer[]>>();
  readonly #attested = new Map<string, Recorded<Attested>>();
  readonly #messages = new Map<string, Recorded<Buffer>>();
  readonly #texts = new Set<string>();

  get bodies(): readonly Recorded<Buffer>[] {
    return [...this.#bodies.values()];
  }

  get certificates(): readonly Recorded<Buffer>[] {
    return [...this.#certificates.values()];
  }

  get bundles(): readonly Recorded<readonly Buffer[]>[] {
    return [...this.#bundles.values()];
  }

  get attested(): readonly Recorded<Attested>[] {
    return [...this.#attested.values()];
  }

  get messages(): readonly Recorded<Buffer>[] {
    return [...this.#messages.values()];
  }

  addFile(file: string, bytes: Buffer): void {
    this.#addCertificate(file, bytes);
    const text = bytes.toString('latin1');
    this.#addText(file, text, 0);
    for (const document of REQUESTS.test(file) ? [] : documentsOf(bytes.toString())) {
      if (isBody(document.value)) {
        this.addBody(file, Buffer.from(document.text));
      }
      this.#walk(file, document.value);
    }
  }

  addBody(file: string, body: Buffer): void {
    keep(this.#bodies, [body], { file, value: body });
    this.#addText(file, body.toString('latin1'), 1);
  }

  /** Entries and bundles, also in JSON that stands in a string. */
  #walk(file: string, value: unknown): void {
    if (Array.isArray(value)) {
      value.forEach((each) => {
        this.#walk(file, each);
      });
    } else if (typeof value === 'string' && /^\s*[{[]/.test(value)) {
      documentsOf(value).forEach((document) => {
        this.#walk(file, document.value);
      });
    } else if (isObject(value)) {
      this.#addEntry(file, value);
      if ('verificationMaterial' in value) {
        this.#addBundle(file, value);
      }
      Object.values(value).forEach((each) => {
        this.#walk(file, each);
      });
    }
  }

  #addEntry(file: string, value: JsonObject): void {
    const body = bodyOf(value);
    const stored = at(value, 'attestation', 'data');
    if (body !== null) {
      this.addBody(file, body);
    }
    if (body !== null && typeof stored === 'string') {
      const payload = Buffer.from(stored, 'base64');
      keep(this.#attested, [body, payload], { file, value: { body, payload, payloadType: null } });
    }
  }

  #addBundle(file: string, bundle: JsonObject): void {
    const entries = at(bundle, 'verificationMaterial', 'tlogEntries');
    const bodies = (Array.isArray(entries) ? entries : []).flatMap((entry) => bodyOf(entry) ?? []);
    keep(this.#bundles, [JSON.stringify(bundle)], { file, value: bodies });
    const { payload: encoded, payloadType } = envelopeOf(bundle);
    for (const body of bodies) {
      if (typeof encoded === 'string' && typeof payloadType === 'string') {
        const payload = Buffer.from(encoded, 'base64');
        keep(this.#attested, [body, payload, payloadType], { file, value: { body, payload, payloadType } });
      } else {
        keep(this.#messages, [body], { file, value: body });
      }
    }
  }

  /** Certificates in base64, with PEM around it or not, at any depth. */
  #addText(file: string, text: string, depth: number): void {
    // A PEM text inside of JSON has its line breaks as two characters.
    for (const [run] of text
      .replaceAll(/\\r|\\n|\r/g, '\n')
      .matchAll(/[A-Za-z0-9+/_-]{40}[A-Za-z0-9+/\n_-]{100,}=*/g)) {
      if (this.#texts.has(run)) {
        continue;
      }
      this.#texts.add(run);
      const bytes = Buffer.from(run, 'base64');
      this.#addCertificate(file, bytes);
      if (depth < MAX_DEPTH) {
        this.#addText(file, bytes.toString('latin1'), depth + 1);
      }
    }
  }

  #addCertificate(file: string, bytes: Buffer): void {
    if (bytes[0] !== 0x30 || bytes[1] !== 0x82 || bytes.length < 4 + bytes.readUInt16BE(2)) {
      return;
    }
    const der = bytes.subarray(0, 4 + bytes.readUInt16BE(2));
    if (isCertificate(der)) {
      keep(this.#certificates, [der], { file, value: der });
    }
  }
}

/** Keeps what was found first under what is the same about it. */
function keep<T>(found: Map<string, Recorded<T>>, same: readonly (string | Buffer)[], recorded: Recorded<T>): void {
  const key = same.map((part) => hash('sha256', part)).join();
  found.set(key, found.get(key) ?? recorded);
}

/** Of a TransparencyLogEntry, an answer of Rekor v1, or cosign's first bundle; null for what is none of these. */
function bodyOf(entry: unknown): Buffer | null {
  const isServed = ['logIndex', 'integratedTime'].some((name) => at(entry, name) !== undefined);
  const text = at(entry, 'canonicalizedBody') ?? (isServed ? at(entry, 'body') : undefined);
  return typeof text === 'string' ? Buffer.from(text, 'base64') : null;
}

/** The whole as JSON, else each line that is. */
function documentsOf(text: string): readonly { readonly text: string; readonly value: unknown }[] {
  if (!/^\s*[{[]/.test(text)) {
    return [];
  }
  const whole = parse(text);
  return whole === undefined
    ? text.split('\n').flatMap((line) => {
        const value = /^\s*[{[]/.test(line) ? parse(line) : undefined;
        return value === undefined ? [] : [{ text: line, value }];
      })
    : [{ text, value: whole }];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function envelopeOf(bundle: JsonObject): JsonObject {
  const { dsseEnvelope } = bundle;
  return isObject(dsseEnvelope) ? dsseEnvelope : {};
}

function isBody(value: unknown): boolean {
  return (
    isObject(value) && typeof value['kind'] === 'string' && typeof value['apiVersion'] === 'string' && 'spec' in value
  );
}

function isCertificate(der: Buffer): boolean {
  try {
    return new X509Certificate(der).raw.equals(der);
  } catch {
    return false;
  }
}
