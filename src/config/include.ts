import { statSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { isMap, SHARED_LISTS, type SourceFile } from './config-source.ts';
import type { ConfigProblem } from './config-error.ts';
import { describeIssues, type Fault } from './describe-issues.ts';
import { expandInclude } from './include-glob.ts';
import { formatPath, quote, valueAt } from './key-path.ts';
import { readText } from './read-text.ts';
import { INCLUDE_ITEM, MAX_INCLUDED, watchFileShape } from './schema-include.ts';
import { withAbsolutePaths } from './watch-paths.ts';
import { readYaml, type YamlSource } from './yaml-positions.ts';

/** All included files together may be so large, in UTF-16 code units. */
const MAX_TOTAL = 16 * 1024 * 1024;

/** The files that a configuration includes. */
export interface Included {
  readonly files: readonly SourceFile[];
  /** What is wrong with the items of `include`, by their paths in the main file. */
  readonly faults: readonly Fault[];
  /** What is wrong with the files themselves. */
  readonly problems: readonly ConfigProblem[];
  /** False when something of them could not be read, so that watches may be missing. */
  readonly isWhole: boolean;
}

/** Reads the files that `include` of a main file names, in the order of their names. `value`: the content of `file`. */
export function readIncluded(value: unknown, file: string): Included {
  const faults: Fault[] = [];
  const items = itemsOf(value);
  const named = new Map<string, { readonly file: string; readonly index: number }>();
  for (const [index, item] of items) {
    try {
      for (const path of expandInclude(item, dirname(file))) {
        requireIncludable(path, file);
        const absolute = resolve(path);
        named.set(absolute, named.get(absolute) ?? { file: path, index });
      }
    } catch (error) {
      faults.push({ path: ['include', index], atKey: false, message: syntaxMessage(error) });
    }
  }
  if (named.size > MAX_INCLUDED) {
    const message = `Cannot include ${named.size} files: expected at most ${MAX_INCLUDED}`;
    return {
      files: [],
      faults: [...faults, { path: ['include'], atKey: true, message }],
      problems: [],
      isWhole: false,
    };
  }
  const files = [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  const read = readFiles(files, faults);
  return { ...read, faults, isWhole: faults.length === 0 && read.problems.length === 0 };
}

function itemsOf(value: unknown): readonly (readonly [index: number, item: string])[] {
  const include = valueAt(value, ['include']);
  const items: readonly unknown[] = Array.isArray(include) ? include.slice(0, MAX_INCLUDED) : [];
  // Others are told by the shape of the file.
  return items.flatMap((item, index) => (typeof item === 'string' && INCLUDE_ITEM.test(item) ? [[index, item]] : []));
}

/** Throws SyntaxError. */
function requireIncludable(path: string, main: string): void {
  if (resolve(path) === resolve(main)) {
    throw new SyntaxError('Cannot include the file itself: keep what is included in a folder of its own');
  }
  const stat = statOf(path);
  if (stat === undefined) {
    throw new SyntaxError(`Cannot include "${path}": no such file; expected a path relative to this file`);
  }
  if (!stat.isFile()) {
    throw new SyntaxError(`Cannot include "${path}": expected a file${stat.isDirectory() ? ', found a folder' : ''}`);
  }
}

/** Undefined when there is nothing. Throws SyntaxError when that cannot be said. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new SyntaxError(`Cannot include ${quote(path)}: ${messageOf(error)}`, { cause: error });
  }
}

function readFiles(
  named: readonly { readonly file: string; readonly index: number }[],
  faults: Fault[],
): Pick<Included, 'files' | 'problems'> {
  const files: SourceFile[] = [];
  const problems: ConfigProblem[] = [];
  let total = 0;
  for (const { file, index } of named) {
    try {
      const text = readText(file);
      total += text.length;
      if (total > MAX_TOTAL) {
        throw new SyntaxError(
          `Cannot include "${file}": with it the files have more than ${MAX_TOTAL} characters together`,
        );
      }
      const yaml = readYaml(text);
      problems.push(...problemsOf(file, yaml));
      files.push({ file, yaml: { ...yaml, value: rebased(yaml.value, dirname(resolve(file))) } });
    } catch (error) {
      faults.push({ path: ['include', index], atKey: false, message: syntaxMessage(error) });
    }
  }
  return { files, problems };
}

function problemsOf(file: string, yaml: YamlSource): readonly ConfigProblem[] {
  const ofYaml = yaml.problems.map(({ path, place, message }) => ({ file, ...place, path: formatPath(path), message }));
  const ofShape = faultsOfShape(yaml.value).map(({ path, atKey, message }) => {
    const place = atKey ? yaml.keyPlace(path) : yaml.valuePlace(path);
    return { file, ...place, path: formatPath(path), message };
  });
  return [...ofYaml, ...ofShape];
}

/** What is wrong with the file around its watches. */
function faultsOfShape(value: unknown): readonly Fault[] {
  if (value === undefined) {
    return []; // no YAML, which is told
  }
  const shape = watchFileShape(z.unknown(), z.unknown()).safeParse(value);
  return describeIssues(shape.error?.issues ?? [], value, 'a map with "watches" or "templates"');
}

/** With every path in it absolute: those of an included file are relative to that. */
function rebased(value: unknown, folder: string): unknown {
  if (!isMap(value)) {
    return value;
  }
  const lists = SHARED_LISTS.flatMap((list) => {
    const items = value[list];
    return Array.isArray(items) ? [[list, items.map((item) => withAbsolutePaths(item, folder))] as const] : [];
  });
  return { ...value, ...Object.fromEntries(lists) };
}

/** The message of what was refused; anything else is a fault of ours and goes on. */
function syntaxMessage(error: unknown): string {
  if (!(error instanceof SyntaxError)) {
    throw error;
  }
  return error.message;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
