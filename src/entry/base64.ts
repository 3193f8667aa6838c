import { EntryError } from './entry-error.ts';

/**
 * Decodes padded standard base64 (RFC 4648 §4) and nothing else: no line breaks, no URL alphabet, no missing padding.
 * `what` names the text in the EntryError thrown. Bits beyond the last byte are not looked at, as Rekor does not.
 */
export function decodeBase64(text: unknown, what: string): Buffer {
  if (typeof text !== 'string') {
    throw new EntryError(`Cannot read ${what}: found ${typeof text}, expected base64`);
  }
  const bytes = tryBase64(text);
  if (bytes === null) {
    throw new EntryError(`Cannot read ${what}: it is not padded standard base64`);
  }
  return bytes;
}

/** The same, but null for any other text. */
export function tryBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  // Buffer takes both alphabets and leaves out what it does not know: then too few bytes come out.
  const isStrict =
    text.length % 4 === 0 && bytes.length === decodedLength(text) && !text.includes('-') && !text.includes('_');
  return isStrict ? bytes : null;
}

function decodedLength(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}
