/** What a reader cannot see, or what changes what is seen around it: controls, bidi and zero-width characters, odd spaces, halves of characters. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/** One visible unit: an escape made by {@link visible}, or a character. */
const UNIT = /\\u\{[0-9A-F]+\}|[^]/gu;

/** Shows each control, bidi, zero-width or otherwise invisible character as `\u{202E}`. The result is one line and is left as it is by a second call. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u{${codePoint(character)}}`);
}

/** `text` made visible, in at most `max` UTF-16 units. What is cut off is announced with the original length. Keeps line ends when `lines` is set. */
export function shown(text: string, max: number, options: { readonly lines?: boolean } = {}): string {
  const beginning = text.slice(0, max);
  const safe = options.lines === true ? visibleLines(beginning) : visible(beginning);
  if (text.length <= max && safe.length <= max) {
    return safe;
  }
  const notice = `… [cut: ${text.length} characters]`;
  return cut(safe, max - notice.length) + notice;
}

/** Escapes for HTML text and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${codePointDecimal(character)};`);
}

/** Escapes for Slack's text: `<!channel>` and links become plain characters (Slack: escaping text). */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Like {@link visible}, but keeps line ends: for text whose lines are ours. */
function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

/** The first whole units of `safe` that fit, so that neither an escape nor a surrogate pair is torn. */
function cut(safe: string, max: number): string {
  let length = 0;
  for (const [unit] of safe.slice(0, max + 16).matchAll(UNIT)) {
    if (length + unit.length > max) {
      break;
    }
    length += unit.length;
  }
  return safe.slice(0, length);
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

function codePointDecimal(character: string): string {
  return String(character.charCodeAt(0));
}
