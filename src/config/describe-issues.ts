import type { z } from 'zod';
import { quote, valueAt, type KeyPath } from './key-path.ts';
import { nearest } from './nearest.ts';
import { unavailableKey, unavailableValue } from './unavailable.ts';

type Issue = z.core.$ZodIssue;

/** One thing wrong, by its path. */
export interface Fault {
  readonly path: KeyPath;
  /** The key is wrong, not its value. */
  readonly atKey: boolean;
  readonly message: string;
  /** The key that is missing in the map at the path. */
  readonly missing?: string;
}

/**
 * Turns what the schema found into sentences that say what is there and what would be right. `root` is the value that was checked,
 * `rootForm` what is expected of it.
 */
export function describeIssues(
  issues: readonly Issue[],
  root: unknown,
  rootForm = 'a map that begins with "version: 1"',
): readonly Fault[] {
  return issues.flatMap((issue) => describeIssue(issue, [], root, rootForm));
}

function describeIssue(issue: Issue, prefix: KeyPath, root: unknown, rootForm: string): readonly Fault[] {
  const path: KeyPath = [...prefix, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
  const later = unavailableValue(root, path);
  if (later !== null) {
    return [{ path, atKey: false, message: later }];
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(path, key, issue.message, root));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path, atKey: true, message }));
  }
  const key = path.at(-1);
  if (valueAt(root, path) === undefined && typeof key === 'string') {
    // The place of something that is missing is the map that should have it.
    return [
      { path: path.slice(0, -1), atKey: false, message: `missing key "${key}"${expectation(issue)}`, missing: key },
    ];
  }
  if (issue.code === 'invalid_union' && issue.discriminator === undefined) {
    const branch = closestBranch(issue.errors, path, root);
    if (branch !== null) {
      return branch.flatMap((inner) => describeIssue(inner, path, root, rootForm));
    }
  }
  const message = messageOf(issue, valueAt(root, path));
  const rootHint = path.length === 0 ? rootForm : 'a map';
  return [{ path, atKey: false, message: message.replace('a map', rootHint) }];
}

/** `keys` are the allowed ones, as the schema's message lists them. */
function unknownKey(map: KeyPath, key: string, keys: string, root: unknown): Fault {
  const path = [...map, key];
  const later = unavailableKey(map, key);
  if (later !== null) {
    return { path, atKey: true, message: later };
  }
  if (key === 'read_path' && valueAt(root, [...map, 'type']) !== undefined) {
    return { path, atKey: true, message: '"read_path" is for rekor-v2 only' };
  }
  const message = `unknown key ${quote(key)}${nearest(key, keys.split(', '))}; expected one of: ${keys}`;
  return { path, atKey: true, message };
}

/**
 * The alternative of a union that was meant: of the right kind, and with the fewest keys that do not belong or are missing. Null
 * when none stands out.
 */
function closestBranch(branches: readonly (readonly Issue[])[], path: KeyPath, root: unknown): readonly Issue[] | null {
  const meant = branches
    .filter((issues) => !issues.some(isWrongKind))
    .map((issues) => ({ issues, wrongKeys: countWrongKeys(issues, path, root) }))
    .sort((a, b) => a.wrongKeys - b.wrongKeys);
  const [best, next] = meant;
  return best === undefined || best.wrongKeys === next?.wrongKeys ? null : best.issues;
}

function countWrongKeys(issues: readonly Issue[], path: KeyPath, root: unknown): number {
  const counts = issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.path.length === 0 ? issue.keys.length : 0;
    }
    const [key] = issue.path;
    return typeof key === 'string' && valueAt(root, [...path, key]) === undefined ? 1 : 0;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

function isWrongKind({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union');
}

function messageOf(issue: Issue, found: unknown): string {
  const options = optionsOf(issue);
  if (options.length > 0) {
    const close = typeof found === 'string' ? nearest(found, options) : '';
    return `expected ${oneOf(options)}, found ${describeValue(found)}${close}`;
  }
  if (issue.code === 'invalid_type' && isStock(issue)) {
    const hint = issue.expected === 'string' && isUnquoted(found) ? ': write it in quotes' : '';
    return `expected ${KINDS[issue.expected] ?? issue.expected}, found ${describeValue(found)}${hint}`;
  }
  return issue.message;
}

/** What would be right where there is nothing. */
function expectation(issue: Issue): string {
  const options = optionsOf(issue);
  if (options.length > 0) {
    return `: expected ${oneOf(options)}`;
  }
  if (issue.code === 'invalid_type' && isStock(issue)) {
    return `: expected ${KINDS[issue.expected] ?? issue.expected}`;
  }
  return `: ${issue.message}`;
}

/** The library's own message, not one that the schema gives. */
function isStock({ message }: Issue): boolean {
  return message.startsWith('Invalid input');
}

/** The words that a value, or the key that tells alternatives apart, may say; empty where it is not a choice of words. */
function optionsOf(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') {
    return issue.values.map(String);
  }
  // A word that may be left out is `undefined` among the others.
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
  return options.filter((option) => option !== undefined).map(String);
}

const KINDS: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'a string',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
};

function oneOf(options: readonly string[]): string {
  return options.length === 1 ? String(options[0]) : `one of: ${options.join(', ')}`;
}

function isUnquoted(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) {
    return 'nothing';
  }
  if (typeof value === 'string') {
    return quote(value);
  }
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a map' : JSON.stringify(value);
}
