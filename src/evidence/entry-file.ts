import { isObject, type JsonObject } from '../entry/json.ts';
import { NOTHING, readBeside, readLogEntry, type Beside, type EntryInFile, type FaultInFile } from './entry-forms.ts';
import { sliceElements, sliceValues, type JsonSlice } from './json-values.ts';

/** What a file holds in one place: an entry, or why none can be had from there. */
export type FilePart = EntryInFile | FaultInFile;

/** Entries of one file: somebody who has more of them has a log. */
const MAX_PARTS = 100_000;
/** Arrays in arrays, of which the innermost hold entries. */
const MAX_ARRAYS = 3;

const FORMS =
  'expected a canonical entry body, an answer of Rekor v1, a TransparencyLogEntry or a Sigstore bundle (JSON, several as an ' +
  'array or as JSON lines), or the base64 of a body';

/**
 * The entries of a file, in order: canonical bodies, answers of Rekor v1, TransparencyLogEntries, Sigstore bundles of any
 * version, cosign's older bundles, attestations of npm, GitHub and PyPI, evidence of our own, or a base64 of one. What
 * holds none is a fault in its place, so there is always at least one part. Never throws, whatever the text; its time and
 * room are linear in it.
 */
export function* readEntryFile(text: string): Generator<FilePart, void> {
  let count = 0;
  for (const part of orFault(partsOfText(text))) {
    if (count === MAX_PARTS) {
      yield { problem: `Cannot read more than ${MAX_PARTS} entries of one file: what follows was not looked at` };
      return;
    }
    count += 1;
    yield part;
  }
}

/** `why`: what to say where there are none. */
function* orFault(parts: Iterable<FilePart>, why = FORMS): Generator<FilePart, void> {
  let isEmpty = true;
  for (const part of parts) {
    isEmpty = false;
    yield part;
  }
  if (isEmpty) {
    yield { problem: `Cannot find an entry: ${why}` };
  }
}

function* partsOfText(text: string): Generator<FilePart, void> {
  if (!/^[{[]/.test(text.trimStart())) {
    yield* partsOfBase64(text);
    return;
  }
  const slices = isJsonLines(text) ? linesOf(text) : sliceValues(text);
  for (const slice of slices) {
    yield* partsOfSlice(slice, 0);
  }
}

/** A line that is broken must not take the following ones along. */
function isJsonLines(text: string): boolean {
  const start = text.trimStart();
  const end = start.indexOf('\n');
  const [first, second] = end === -1 ? [] : sliceValues(start.slice(0, end));
  if (first?.problem !== null || second !== undefined) {
    return false;
  }
  return first.text.startsWith('[') ? first.text.endsWith(']') : parse(first.text) !== undefined;
}

function* linesOf(text: string): Generator<JsonSlice, void> {
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf('\n', at);
    const end = next === -1 ? text.length : next;
    const line = text.slice(at, end).trim();
    at = end + 1;
    if (line !== '') {
      // Looked at for its depth alone: what follows a value on its line makes the whole line none.
      const [first] = sliceValues(line);
      yield { text: line, problem: first?.problem ?? null };
    }
  }
}

function* partsOfSlice({ text, problem }: JsonSlice, arrays: number): Generator<FilePart, void> {
  const value = problem === null && !text.startsWith('[') ? parse(text) : undefined;
  if (problem === null && text.startsWith('[') && arrays < MAX_ARRAYS) {
    // Each element by itself: a body counts as it is written, and one broken element spoils no other.
    for (const element of sliceElements(text)) {
      yield* partsOfSlice(element, arrays + 1);
    }
    if (!text.endsWith(']')) {
      yield { problem: 'Cannot read to the end of an array: it is not closed; the file may have been cut' };
    }
  } else if (!isObject(value)) {
    yield { problem: `Cannot find an entry: ${problem ?? 'it is not JSON'}; ${FORMS}` };
  } else if (isBody(value)) {
    yield { type: 'rekor', body: Buffer.from(text), promise: null, attestation: null };
  } else {
    yield* orFault(partsOfObject(value, NOTHING));
  }
}

/** What a log hashes: kind, version and content, and nothing around them. */
function isBody(value: JsonObject): boolean {
  return typeof value['kind'] === 'string' && typeof value['apiVersion'] === 'string' && 'spec' in value;
}

/** Names under which entries lie, or what holds them, in the files that people have. */
const CONTAINERS = [
  'verificationMaterial',
  'verification_material',
  'tlogEntries',
  'tlog_entries',
  'transparency_entries',
  'transparencyLogEntry',
  'transparency_log_entry',
  // Evidence of our own.
  'entry',
  'ct_entry',
  // npm, GitHub, PyPI (PEP 740), and who keeps bundles beside something else.
  'attestations',
  'attestation_bundles',
  'bundle',
  'bundles',
  'signatureBundle',
  'provenanceBundle',
  // cosign.
  'rekorBundle',
  'layers',
  'annotations',
  'dev.sigstore.cosign/bundle',
];

function* partsOfObject(value: JsonObject, around: Beside): Generator<FilePart, void> {
  const beside = readBeside(value, around);
  const read = readLogEntry(value, beside);
  if (read !== null) {
    yield read;
    return;
  }
  const missing = isBundle(value) ? 'the bundle holds none, so nothing shows that it was logged' : null;
  yield* missing === null ? partsInside(value, beside) : orFault(partsInside(value, beside), missing);
}

function* partsInside(value: JsonObject, beside: Beside): Generator<FilePart, void> {
  const inside = isAnswer(value)
    ? Object.values(value)
    : CONTAINERS.map((name) => (Object.hasOwn(value, name) ? value[name] : undefined));
  for (const part of inside) {
    yield* partsOfValue(part, beside);
  }
}

/** A Sigstore bundle of any version, an attestation of PyPI, or an envelope alone. */
function isBundle(value: JsonObject): boolean {
  return ['verificationMaterial', 'verification_material', 'signatures'].some((name) => Object.hasOwn(value, name));
}

/** Rekor v1 names each entry by its ID: 80 hex digits, or 64 on servers without tree IDs. */
function isAnswer(value: JsonObject): boolean {
  const [uuid] = Object.keys(value);
  return uuid !== undefined && /^(?:[0-9a-f]{80}|[0-9a-f]{64})$/.test(uuid);
}

function* partsOfValue(value: unknown, beside: Beside): Generator<FilePart, void> {
  if (typeof value === 'string') {
    // cosign keeps its bundle as JSON in a string.
    const parsed = value.startsWith('{') ? parseOne(value) : undefined;
    yield* isObject(parsed) ? partsOfObject(parsed, beside) : [];
  } else if (Array.isArray(value)) {
    for (const element of value as readonly unknown[]) {
      yield* orFault(partsOfValue(element, beside), 'what stands in its place holds none');
    }
  } else if (isObject(value)) {
    yield* partsOfObject(value, beside);
  }
}

function* partsOfBase64(text: string): Generator<FilePart, void> {
  const bytes = Buffer.from(text, 'base64');
  const decoded = bytes.toString();
  const isWhole = /^[\w+/=\s-]+$/.test(text) && Buffer.from(decoded).equals(bytes);
  if (isWhole && /^[{[]/.test(decoded.trimStart())) {
    yield* partsOfText(decoded);
  } else {
    yield { problem: `Cannot find an entry: it is neither JSON nor the base64 of it; ${FORMS}` };
  }
}

function parseOne(text: string): unknown {
  const [first, second] = sliceValues(text);
  return first?.problem === null && second === undefined ? parse(first.text) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
