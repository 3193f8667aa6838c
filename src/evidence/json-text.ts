/** Deeper than anything that is written here: what is nested without end would exhaust the stack of whoever walks it. */
const MAX_DEPTH = 24;

/** The one spelling of a value in JSON, on several lines: of ASCII alone, so that nothing hides in it or runs away on a terminal. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/[^\x20-\x7e\n]/g, escapeUnit);
}

/** As JSON.parse, of text that may be hostile. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  if (depthOf(text) > MAX_DEPTH) {
    throw new SyntaxError(`it is nested deeper than ${MAX_DEPTH} levels`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError('it is not JSON', { cause });
  }
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** How deep arrays and objects are nested, at most; brackets in strings do not count. */
function depthOf(text: string): number {
  let [depth, deepest, inString] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const unit = text[at];
    if (unit === '\\') {
      at += 1;
    } else if (unit === '"') {
      inString = !inString;
    } else if (!inString) {
      depth += unit === '[' || unit === '{' ? 1 : unit === ']' || unit === '}' ? -1 : 0;
      deepest = Math.max(deepest, depth);
    }
  }
  return deepest;
}
