/** Where a value stands in a configuration: keys and list positions from the root. */
export type KeyPath = readonly (string | number)[];

/** `watches[2].select[0].subject`; keys that are no plain words stand in brackets and quotes. */
export function formatPath(path: KeyPath): string {
  return path
    .map((step, position) => {
      if (typeof step === 'number') {
        return `[${step}]`;
      }
      if (!/^[A-Za-z_][\w-]*$/.test(step)) {
        return `[${quote(step)}]`;
      }
      return position === 0 ? step : `.${step}`;
    })
    .join('');
}

/** The value at `path` of what YAML gave; undefined where there is none. */
export function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) {
      return undefined;
    }
    // An own property of an object or list: `unknown` says no less than we know.
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** Text in quotes for a message, cut to 100 characters, with everything that could move a terminal's cursor or turn its text written out. */
export function quote(text: string): string {
  const cut = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return JSON.stringify(cut).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
