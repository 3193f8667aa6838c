import { statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { readSmallFile } from '../config/read-small-file.ts';
import { ImportDraft } from '../import/draft.ts';
import { formatOrigin } from '../import/identity.ts';
import { importText } from '../import/import-text.ts';
import { planWatches } from '../import/plan-watches.ts';
import { renderConfig } from '../import/render-config.ts';
import type { ExitStatus, Io } from './io.ts';
import { safe } from './print.ts';
import { readStdin } from './read-stdin.ts';

/** Bytes of what is imported. */
const MAX_FILE = 1024 * 1024;
const TOO_LARGE = `Cannot import "-": it is larger than ${MAX_FILE} bytes, expected a policy`;
/** Bytes of a key that a command line names. */
const MAX_KEY = 64 * 1024;

type ImportIo = Pick<Io, 'stdout' | 'stderr' | 'stdin'>;

/**
 * `sigwatch import FILE…`: turns policies and configurations of other tools into one configuration on stdout. What it cannot say is a
 * comment there and a warning on stderr. 2, and nothing on stdout, where a file cannot be read or is nothing that is known, and where
 * nothing is left.
 */
export async function importCommand(files: readonly string[], io: ImportIo): Promise<ExitStatus> {
  const draft = new ImportDraft();
  try {
    for (const file of files) {
      importText(await readText(file, io), file === '-' ? 'stdin' : file, draft, keyBeside);
    }
    const watches = planWatches(draft);
    for (const note of draft.notes) {
      io.stderr(`${safe(`${formatOrigin(note)}: warning: ${note.message}`)}\n`);
    }
    if (watches.length === 0) {
      io.stderr(
        'Cannot import: nothing is left that an entry of a log can show, expected an identity or a public key\n',
      );
      return 2;
    }
    io.stdout(renderConfig({ sources: draft.sources, watches, notes: draft.notes }));
    return 0;
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
    io.stderr(`${safe(error.message)}\n`);
    return 2;
  }
}

async function readText(file: string, io: ImportIo): Promise<string> {
  const bytes = file === '-' ? await readStdin(io, MAX_FILE, TOO_LARGE) : readSmallFile(file, MAX_FILE, 'policy');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new SyntaxError(`Cannot import "${file}": it is not UTF-8, expected text`, { cause: error });
  }
}

/** A key that lies beside the file that names it. Only of a plain file: anything else might never end. */
function keyBeside(path: string, file: string): string {
  // Named as the operator did: what goes into the output must not tell where on which machine it was made.
  const beside = isAbsolute(path) || file === 'stdin' ? path : join(dirname(file), path);
  if (statSync(beside, { throwIfNoEntry: false })?.isFile() === false) {
    throw new SyntaxError(`Cannot read key "${path}": expected a plain file`);
  }
  return readSmallFile(beside, MAX_KEY, 'key').toString('latin1');
}
