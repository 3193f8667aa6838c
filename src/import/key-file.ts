import type { ImportDraft } from './draft.ts';
import type { Origin } from './identity.ts';
import * as say from './infrastructure.ts';
import type { Word } from './shell-words.ts';

/** The text of a file that a command names, whose path is relative to the file of the command. Throws SyntaxError. */
export type KeyFiles = (path: string, besides: string) => string;

/** Accepts the key that a command line names, where it is a file that can be read; else says why not. */
export function readKeyFile(
  { text, isDynamic }: Word,
  option: string,
  origin: Origin,
  of: string,
  draft: ImportDraft,
  files: KeyFiles,
): void {
  const reason = isDynamic
    ? 'a variable, which only the shell can fill in: add the fingerprint of the key as key'
    : text.startsWith('k8s://')
      ? say.SECRET
      : /^https?:\/\//i.test(text)
        ? 'a key on the web: fetch it, name the file, and import again'
        : /^(?:env:\/\/|pkcs11:)/i.test(text)
          ? 'a key that is not in a file: get its public part and add its fingerprint as key'
          : /^[a-z0-9]+:\/\//i.test(text)
            ? say.KMS
            : null;
  if (reason !== null) {
    draft.note(origin, `${option} ${text}: ${reason}`);
    return;
  }
  try {
    draft.acceptPem(files(text, origin.file), origin, of, 'first');
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
    draft.note(origin, `${option} ${text}: ${error.message}`);
  }
}
