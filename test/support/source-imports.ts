import { readFileSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix, sep } from 'node:path';
import ts from 'typescript';

/** One `import …`, `export … from`, `import()` or `import('…')` type. */
export interface SourceImport {
  readonly kind: 'ours' | 'package' | 'node';
  /** A file of ours relative to the source root (`log/http.ts`), a package (`@noble/curves`) or a builtin (`node:fs`). */
  readonly target: string;
  /** Nothing is loaded at run time. Under `verbatimModuleSyntax`, `import { type X } from …` does load the module. */
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** Relative to the source root, with `/`. */
  readonly path: string;
  readonly imports: readonly SourceImport[];
  /** Files that `export … from` passes on. */
  readonly reexports: readonly string[];
  /** Names used that are no property of something else, each once, with `Date.now` and `new Date()` for the clock. */
  readonly names: ReadonlySet<string>;
}

/** Every TypeScript file below `root`, by path. */
export function readSources(root: string): readonly SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => parseSource(path.replaceAll(sep, '/'), readFileSync(join(root, path), 'utf8')))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What the file at `path` (relative to the source root) imports and which names it uses. */
export function parseSource(path: string, text: string): SourceFile {
  const imports: SourceImport[] = [];
  const reexports: string[] = [];
  const names = new Set<string>();

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      imports.push(resolveImport(path, node.moduleSpecifier, typeOnly));
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      const passedOn = resolveImport(path, node.moduleSpecifier, node.isTypeOnly);
      imports.push(passedOn);
      reexports.push(passedOn.target);
    } else if (ts.isImportTypeNode(node)) {
      imports.push(resolveImport(path, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node, true));
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      imports.push(resolveImport(path, node.arguments[0] ?? node, false));
    } else if (ts.isIdentifier(node) && !isPropertyOrDeclaration(node)) {
      names.add(node.text);
    } else if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) {
      names.add('new Date()');
    } else if (ts.isPropertyAccessExpression(node) && node.getText() === 'Date.now') {
      names.add('Date.now');
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true));
  return { path, imports, reexports, names };
}

function resolveImport(from: string, specifier: ts.Node, typeOnly: boolean): SourceImport {
  if (!ts.isStringLiteralLike(specifier)) {
    return { kind: 'package', target: `(computed: ${specifier.getText()})`, typeOnly };
  }
  const name = specifier.text;
  if (name.startsWith('.')) {
    return { kind: 'ours', target: posix.join(posix.dirname(from), name), typeOnly };
  }
  if (isBuiltin(name)) {
    return { kind: 'node', target: name.startsWith('node:') ? name : `node:${name}`, typeOnly };
  }
  const parts = name.split('/');
  return { kind: 'package', target: parts.slice(0, name.startsWith('@') ? 2 : 1).join('/'), typeOnly };
}

/** True for `x.fetch`, `{ fetch: … }`, `fetch(): …` and the like, which do not use the global of that name. */
function isPropertyOrDeclaration(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) {
    return parent.name === node && parent.expression.getText() !== 'globalThis';
  }
  if (ts.isQualifiedName(parent)) {
    return parent.right === node;
  }
  const declares = 'name' in parent && parent.name === node && !ts.isShorthandPropertyAssignment(parent);
  return declares || ('propertyName' in parent && parent.propertyName === node);
}

/** Each shortest cycle of imports that are loaded at run time, as `a.ts → b.ts → a.ts`, told once from its first file. */
export function findCycles(sources: readonly SourceFile[]): readonly string[] {
  const edges = new Map(
    sources.map((source) => [
      source.path,
      source.imports.filter((item) => item.kind === 'ours' && !item.typeOnly).map((item) => item.target),
    ]),
  );
  return [...edges.keys()]
    .map((start) => shortestCycle(start, edges))
    .filter((cycle) => cycle !== null)
    .filter((cycle) => cycle.every((path) => path >= (cycle[0] ?? path)))
    .map((cycle) => [...cycle, cycle[0]].join(' → '));
}

function shortestCycle(start: string, edges: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const seen = new Set<string>();
  const paths: (readonly string[])[] = [[start]];
  // Breadth first: `paths` grows while it is walked.
  for (const path of paths) {
    for (const next of edges.get(path.at(-1) ?? start) ?? []) {
      if (next === start) {
        return path;
      }
      if (!seen.has(next)) {
        seen.add(next);
        paths.push([...path, next]);
      }
    }
  }
  return null;
}
