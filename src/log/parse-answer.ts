import { excerpt } from './excerpt.ts';
import type { HttpAnswer } from './http.ts';
import { LogUnavailable } from './log.ts';

/**
 * Reads an answer with `parse`. A body of the wrong shape is a broken way to the log, not the log's lie, for nothing in
 * it was signed: throws LogUnavailable for the SyntaxError of `parse`, naming `what`.
 */
export function parseAnswer<T>(answer: HttpAnswer, what: string, parse: (body: Buffer) => T): T {
  try {
    return parse(answer.body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
    throw new LogUnavailable(`Cannot read ${what}: ${error.message}; the answer begins "${excerpt(answer.body, 80)}"`, {
      cause: error,
    });
  }
}
