import { z } from 'zod';

/** An array that is measured before its items are looked at: a fault for each of a million items would be more than fits the stack. */
export function atMost<T>(max: number, item: z.ZodType<T>) {
  return z.array(z.unknown()).max(max).pipe(z.array(item));
}

/** The JSON of an answer, if it has this shape. Throws SyntaxError with the first fault and its place. */
export function parseJson<T>(answer: Buffer, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(answer.toString('utf8'));
  } catch (cause) {
    throw new SyntaxError('it is not JSON', { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    // Never empty where parsing failed.
    const { path = [], message = 'unexpected shape' } = parsed.error.issues[0] ?? {};
    throw new SyntaxError([path.map(String).join('.').slice(0, 200), message].filter((part) => part !== '').join(': '));
  }
  return parsed.data;
}

/** Bytes in their one spelling as base64. Throws SyntaxError that says `what` is not. */
export function parseBase64(what: string, text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) {
    throw new SyntaxError(`${what} is not base64`);
  }
  return bytes;
}
