import type { Tape } from './tape.ts';

/** Stands in the JSON until what is written instead of it is put there: things that no value has, as a key that is there twice. */
const PLACEHOLDER = '@@here@@';

/** What a value is replaced by: empty, of another type, too large, too deep, or no JSON at all. */
const VALUES = [
  'null',
  '[]',
  '{}',
  '""',
  '0',
  '-1',
  '1e999',
  '-0',
  '0.1',
  '9007199254740993',
  'true',
  '[[]]',
  '[null]',
].concat([
  ...['"\\u0000"', '"\\ud800"', '"constructor"', '{"__proto__":{"kind":"x"}}', '{"toString":1,"length":3}'],
  ...['1'.repeat(400), '['.repeat(300) + ']'.repeat(300), '{"a":'.repeat(300) + '1' + '}'.repeat(300), '['.repeat(500)],
  ...[`[${'{},'.repeat(70)}{}]`, `"${'A'.repeat(70_000)}"`, 'NaN', '/**/1', ''],
]);

/** Members that some kind of entry has, and names that objects have by themselves. */
const NAMES = [
  'kind',
  'apiVersion',
  'spec',
  'data',
  'hash',
  'signature',
  'content',
  'publicKey',
  'signatures',
  'value',
].concat([
  ...['algorithm', 'verifier', 'x509Certificate', 'rawBytes', 'envelope', 'payloadHash', 'payload', 'format'],
  ...['__proto__', 'constructor', 'Kind', 'KIND', 'toString', ''],
]);

/** Kinds, versions and algorithms under which the rest would be read otherwise. */
const WORDS = [
  'hashedrekord',
  'rekord',
  'dsse',
  'intoto',
  'cose',
  'jar',
  'tuf',
  'rfc3161',
  'rpm',
  'alpine',
  'helm',
  '0.0.1',
  '0.0.2',
].concat([
  ...[
    'sha256',
    'sha384',
    'sha512',
    'SHA2_256',
    'SHA2_512',
    'x509',
    'pgp',
    'ssh',
    'minisign',
    'PKIX_ED25519_PH',
    'sha1',
  ],
]);

/** One value and where it stands. */
interface Slot {
  readonly parent: Record<string, unknown> | unknown[];
  readonly key: string;
}

/** JSON changed in one place; null for what is none. `mutateText` changes a string. */
export function mutateJson(text: string, tape: Tape, mutateText: (text: string) => string): string | null {
  const body = parse(text);
  const slots = slotsIn(body);
  const slot = tape.pick(slots);
  if (slot === undefined) {
    return null;
  }
  const value = valueAt(slot);
  if (typeof value === 'string' && tape.below(4) !== 0) {
    put(slot, mutateText(value));
    return JSON.stringify(body);
  }
  const written = writeOther(slot, slots, tape);
  put(slot, PLACEHOLDER);
  return JSON.stringify(body).replace(JSON.stringify(PLACEHOLDER), () => written);
}

/** What is written where the value stood. */
function writeOther(slot: Slot, slots: readonly Slot[], tape: Tape): string {
  const same = JSON.stringify(valueAt(slot));
  const key = JSON.stringify(slot.key);
  const isMember = !Array.isArray(slot.parent);
  const elsewhere = (): string => {
    const other = tape.pick(slots);
    return JSON.stringify(other === undefined ? null : valueAt(other));
  };
  const changes = [
    () => tape.pick(VALUES) ?? same,
    () => JSON.stringify(tape.pick(WORDS)),
    elsewhere,
    // Twice: the first or the second is what it was.
    () => (isMember ? `${same},${key}:${elsewhere()}` : `${same},${same}`),
    () => (isMember ? `${elsewhere()},${key}:${same}` : `${elsewhere()},${same}`),
    // A further member beside it, or inside of it.
    () => (isMember ? `${same},${JSON.stringify(tape.pick(NAMES))}:${elsewhere()}` : `${same},${elsewhere()}`),
    () => same.replace(/^\{/, () => `{${JSON.stringify(tape.pick(NAMES))}:${elsewhere()},`),
    () => same.replace(/[A-Za-z0-9+/=]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
    () => ` \n\t${same} `,
    () => `[${same}]`,
  ];
  return tape.pick(changes)?.() ?? same;
}

function slotsIn(value: unknown, slots: Slot[] = []): Slot[] {
  if (typeof value === 'object' && value !== null) {
    // An object of parsed JSON, or a list.
    const parent = value as Slot['parent'];
    for (const key of Object.keys(parent)) {
      const slot = { parent, key };
      slots.push(slot);
      slotsIn(valueAt(slot), slots);
    }
  }
  return slots;
}

function valueAt({ parent, key }: Slot): unknown {
  return Array.isArray(parent) ? parent[Number(key)] : parent[key];
}

/** Also under the name `__proto__`. */
function put({ parent, key }: Slot, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
