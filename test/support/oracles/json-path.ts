/** What stands at a path of names and positions in JSON; undefined where there is nothing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (parent, name) =>
      typeof parent === 'object' && parent !== null ? (parent as Readonly<Record<string, unknown>>)[name] : undefined,
    value,
  );
}

/** The text at a path. Throws where there is none. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const text = at(value, ...path);
  if (typeof text !== 'string') {
    throw new TypeError(`Cannot find ${path.join('.')}: expected a text`);
  }
  return text;
}

/** The list at a path. Throws where there is none. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const list = at(value, ...path);
  if (!Array.isArray(list)) {
    throw new TypeError(`Cannot find ${path.join('.')}: expected a list`);
  }
  return list;
}
