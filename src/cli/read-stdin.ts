import type { Io } from './io.ts';

/** All that is handed to the program, at most `maxBytes`; no more is kept. Throws SyntaxError with `refusal` where there is more. */
export async function readStdin(io: Pick<Io, 'stdin'>, maxBytes: number, refusal: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of io.stdin()) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new SyntaxError(refusal);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
