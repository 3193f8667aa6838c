import { COSIGN_COMMANDS, readCosign } from './cosign.ts';
import type { ImportDraft } from './draft.ts';
import type { KeyFiles } from './key-file.ts';
import { findCommands, type Word } from './shell-words.ts';
import { readSlsaVerifier, SLSA_COMMANDS } from './slsa-verifier.ts';

/** The program by its name, its path, the name of its download, or its image. */
const COSIGN = /(?:^|\/)cosign(?:-[\w.-]+)?(?:\.exe)?(?:[:@][\w.:-]+)?$/;
/** Scripts and Makefiles keep the path of the program in a variable. */
const COSIGN_VARIABLE = /^\$[{(]?COSIGN\w*[})]?$/i;
const SLSA_VERIFIER_VARIABLE = /^\$[{(]?SLSA_?VERIFIER\w*[})]?$/i;
const SLSA_VERIFIER = /(?:^|\/)slsa-verifier(?:-[\w.-]+)?(?:\.exe)?(?:[:@][\w.:-]+)?$/;

/** Whether a text speaks of the tools whose command lines are read. */
export function hasCommandLines(text: string): boolean {
  return /cosign|slsa[-_]?verifier/i.test(text);
}

/** Whether one of the commands may begin on a line: it verifies, or goes on below. */
function mayBegin(line: string): boolean {
  return hasCommandLines(line) && (line.includes('verify') || /\\\s*$/.test(line));
}

/** Reads the commands in a shell script, or in text around some, that verify something. `linesBefore`: lines of the file before it. */
export function readCommandLines(
  text: string,
  file: string,
  draft: ImportDraft,
  files: KeyFiles,
  linesBefore = 0,
): void {
  for (const { words, line } of findCommands(text, mayBegin)) {
    const origin = { file, line: line + linesBefore };
    const cosign = findCall(words, COSIGN, COSIGN_VARIABLE, COSIGN_COMMANDS);
    const slsaVerifier = findCall(words, SLSA_VERIFIER, SLSA_VERIFIER_VARIABLE, SLSA_COMMANDS);
    if (cosign !== null) {
      draft.sources.push('cosign command');
      readCosign(cosign.rest, origin, draft, files);
    } else if (slsaVerifier !== null) {
      draft.sources.push('slsa-verifier command');
      readSlsaVerifier(slsaVerifier.command, slsaVerifier.rest, origin, draft, files);
    }
  }
}

/** The command behind the name of a program, whatever stands before it (`sudo`, variables, `docker run …`). */
function findCall(
  words: readonly Word[],
  program: RegExp,
  variable: RegExp,
  commands: ReadonlySet<string>,
): { readonly command: string; readonly rest: readonly Word[] } | null {
  const at = words.findIndex(({ text, isDynamic }) => (isDynamic ? variable : program).test(text));
  if (at === -1) {
    return null;
  }
  // Options may stand before the command, and `dockerfile` or `manifest` do.
  const found = words.findIndex(({ text }, position) => position > at && position < at + 4 && commands.has(text));
  const command = words[found]?.text;
  return command === undefined ? null : { command, rest: [...words.slice(at + 1, found), ...words.slice(found + 1)] };
}
