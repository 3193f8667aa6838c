import type { Witness } from './cosignature.ts';
import { parseVkey, toCosigner, type VerifierKey } from './vkey.ts';

/** Which logs must be cosigned, by which witnesses (c2sp.org/tlog-policy). */
export interface WitnessPolicy {
  /** None: the policy is about every log. */
  readonly logs: readonly PolicyLog[];
  /** Every one that is named, also those that the quorum does not need. */
  readonly witnesses: readonly Witness[];
  readonly quorum: Quorum;
}

/** A log that the policy is about. */
export interface PolicyLog {
  /** Its origin; of Rekor v1 the part before the tree ID: it names all shards. */
  readonly name: string;
  /** That must have signed the checkpoint. */
  readonly key: VerifierKey;
}

/** What must hold: one witness cosigned, or enough members of a group hold. `quorum none` is a group that needs nobody. */
export type Quorum =
  | { readonly kind: 'witness'; readonly name: string }
  | { readonly kind: 'group'; readonly needed: number; readonly members: readonly Quorum[] };

/** The specification asks for room for 32 of each; nobody has so many that a person could look after. */
const MAX_POLICY = 1024 * 1024;
const MAX_OF_A_KIND = 1000;

/** What is defined so far, from the top of the file. */
interface Draft {
  readonly logs: PolicyLog[];
  readonly witnesses: Witness[];
  /** Witnesses and groups, which share their names. */
  readonly named: Map<string, Quorum>;
  /** Names that are members of a group: each can be so only once, so that nobody counts twice. */
  readonly members: Set<string>;
  /** Public keys, in hex, of logs and of witnesses. */
  readonly keys: { readonly log: Set<string>; readonly witness: Set<string> };
  quorum: Quorum | null;
}

/** Parses a policy file. Throws SyntaxError that names the line. */
export function parseWitnessPolicy(text: string): WitnessPolicy {
  if (text.length > MAX_POLICY) {
    throw new SyntaxError(`Cannot parse a witness policy of ${text.length} characters: expected at most ${MAX_POLICY}`);
  }
  const draft: Draft = {
    logs: [],
    witnesses: [],
    named: new Map(),
    members: new Set(),
    keys: { log: new Set(), witness: new Set() },
    quorum: null,
  };
  for (const [index, line] of text.split('\n').entries()) {
    try {
      parseLine(draft, line);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) {
        throw cause;
      }
      throw new SyntaxError(`Cannot parse line ${index + 1} of a witness policy: ${cause.message}`, { cause });
    }
  }
  if (draft.quorum === null) {
    throw new SyntaxError('Cannot parse a witness policy without a quorum: expected a line "quorum NAME"');
  }
  return { logs: draft.logs, witnesses: draft.witnesses, quorum: draft.quorum };
}

function parseLine(draft: Draft, line: string): void {
  if (Buffer.from(line).some((byte) => (byte < 0x20 && byte !== 0x09) || byte === 0x7f)) {
    throw new SyntaxError(
      'it holds a control character, expected none but tab, and lines that end with a newline alone',
    );
  }
  const [keyword, ...items] = line.split(/[ \t]+/).filter((item) => item !== '');
  if (keyword === undefined || keyword.startsWith('#')) {
    return;
  }
  switch (keyword) {
    case 'log':
      defineLog(draft, items);
      return;
    case 'witness':
      defineWitness(draft, items);
      return;
    case 'group':
      defineGroup(draft, items);
      return;
    case 'quorum':
      defineQuorum(draft, items);
      return;
    default:
      throw new SyntaxError(`it begins with "${keyword.slice(0, 100)}", expected log, witness, group or quorum`);
  }
}

function defineLog(draft: Draft, [vkey, , ...rest]: readonly string[]): void {
  if (vkey === undefined || rest.length > 0) {
    throw new SyntaxError('expected "log VKEY [URL]"');
  }
  const key = parseVkey(vkey);
  if (key.kind === 'ed25519-cosignature') {
    throw new SyntaxError(`the key of "${key.name.slice(0, 100)}" is one of a witness, expected one of a log`);
  }
  requireNewKey(draft.keys.log, key);
  requireRoom(draft.logs.length);
  draft.logs.push({ name: key.name, key });
}

function defineWitness(draft: Draft, [name, vkey, , ...rest]: readonly string[]): void {
  if (name === undefined || vkey === undefined || rest.length > 0) {
    throw new SyntaxError('expected "witness NAME VKEY [URL]"');
  }
  const parsed = parseVkey(vkey);
  const key = toCosigner(parsed);
  if (key === null) {
    throw new SyntaxError(`the key of "${parsed.name.slice(0, 100)}" is one of ECDSA, expected Ed25519 or ML-DSA-44`);
  }
  requireNewKey(draft.keys.witness, parsed);
  defineName(draft, name, { kind: 'witness', name });
  draft.witnesses.push({ name, key });
}

function defineGroup(draft: Draft, [name, threshold, ...names]: readonly string[]): void {
  if (name === undefined || threshold === undefined || names.length === 0) {
    throw new SyntaxError('expected "group NAME all|any|NUMBER MEMBER…"');
  }
  const members = names.map((member) => {
    if (draft.members.has(member)) {
      throw new SyntaxError(`"${member}" is a member of a group already, expected it once: nobody counts twice`);
    }
    draft.members.add(member);
    return requireDefined(draft, member);
  });
  defineName(draft, name, { kind: 'group', needed: parseThreshold(threshold, members.length), members });
}

function defineQuorum(draft: Draft, [name, ...rest]: readonly string[]): void {
  if (name === undefined || rest.length > 0) {
    throw new SyntaxError('expected "quorum NAME" or "quorum none"');
  }
  if (draft.quorum !== null) {
    throw new SyntaxError('it is a second quorum, expected one');
  }
  draft.quorum = name === 'none' ? { kind: 'group', needed: 0, members: [] } : requireDefined(draft, name);
}

function parseThreshold(text: string, members: number): number {
  if (text === 'all') {
    return members;
  }
  if (text === 'any') {
    return 1;
  }
  const needed = Number(text);
  if (!/^[1-9]\d{0,8}$/.test(text) || needed > members) {
    throw new SyntaxError(`the threshold is "${text.slice(0, 100)}", expected all, any, or 1 to ${members}`);
  }
  return needed;
}

function defineName(draft: Draft, name: string, quorum: Quorum): void {
  if (name === 'none') {
    throw new SyntaxError('"none" has a meaning of its own, expected another name');
  }
  if (draft.named.has(name)) {
    throw new SyntaxError(`"${name.slice(0, 100)}" is defined already, expected another name`);
  }
  requireRoom(draft.named.size);
  draft.named.set(name, quorum);
}

function requireDefined(draft: Draft, name: string): Quorum {
  const found = draft.named.get(name);
  if (found === undefined) {
    throw new SyntaxError(`"${name.slice(0, 100)}" is not defined, expected a witness or group of a line before`);
  }
  return found;
}

/** One holder under two names would count twice: keys are the same if their bytes are, whatever they are named. */
function requireNewKey(known: Set<string>, { name, publicKey }: VerifierKey): void {
  const key = publicKey.toString('hex');
  if (known.has(key)) {
    throw new SyntaxError(`the key of "${name.slice(0, 100)}" stands in a line before, expected each key once`);
  }
  known.add(key);
}

function requireRoom(count: number): void {
  if (count >= MAX_OF_A_KIND) {
    throw new SyntaxError(`it is one of more than ${MAX_OF_A_KIND}, expected fewer`);
  }
}
