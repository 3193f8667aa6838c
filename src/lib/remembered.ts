/**
 * The same function, which remembers what it gave for up to `most` of the texts it was given. For one that gives the same each time,
 * costs more than a look-up, and is asked about few texts often. Texts longer than `longest` are not remembered.
 */
export function remembered<T>(
  compute: (text: string) => T & {},
  { most, longest }: { readonly most: number; readonly longest: number },
): (text: string) => T {
  const known = new Map<string, T & {}>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) {
      return before;
    }
    const value = compute(text);
    if (text.length <= longest) {
      if (known.size >= most) {
        known.clear();
      }
      known.set(text, value);
    }
    return value;
  };
}
