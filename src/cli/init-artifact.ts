import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { shown } from '../alert/escape.ts';
import { quote } from '../config/key-path.ts';
import { COMPUTED_LINES, type DraftedWatch } from './init-config.ts';

/** Hex digits of a digest. */
const DIGITS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/**
 * The watch over who signs one artifact: a digest (`sha256:HEX`), or a plain file of any size, whose SHA-256 is taken. Throws
 * SyntaxError for a digest that is none, and for a file that cannot be read.
 */
export async function watchArtifact(text: string): Promise<DraftedWatch> {
  const isDigest = /^sha\d+:/i.test(text);
  const digest = isDigest ? parseDigest(text) : `sha256:${await hashFile(text)}`;
  const what = isDigest ? digest : shown(text, 200);
  return {
    about: `who signs ${what}`,
    name: `artifact-${digest.slice(digest.indexOf(':') + 1).slice(0, 16)}`,
    description: `Everybody who signs ${what}`,
    lines: [
      'select:',
      `  - artifact: ${digest}`,
      '# Whoever signs it is told: each issuer, subject and key that this watch has never seen, the first ones too. Fulcio',
      '# certifies another key each time, so every signature is told; without key, only that of somebody new is.',
      'first_seen: [issuer, subject, key]',
      '# Once you know who may sign it, this tells everybody else; then take key out of first_seen, or all of it:',
      '# expect:',
      '#   issuer: https://token.actions.githubusercontent.com',
      '#   subject: https://github.com/OWNER/REPO/.github/workflows/release.yml@refs/tags/v*',
      ...COMPUTED_LINES.map((line) => `# ${line}`),
      '# And this, that nobody may:',
      '# expect: none',
      'severity: high',
      '# More signatures at once than ever before:',
      '# burst: { per: 10m, over: auto }',
    ],
  };
}

function parseDigest(text: string): string {
  const [algorithm = '', hex = ''] = text.toLowerCase().split(':', 2);
  const digits = DIGITS[algorithm];
  if (digits === undefined || !/^[0-9a-f]*$/.test(hex) || `${algorithm}:${hex}`.length !== text.length) {
    throw new SyntaxError(`Cannot use ${quote(text)} as a digest: expected sha256:, sha384: or sha512: and hex`);
  }
  if (hex.length !== digits) {
    throw new SyntaxError(
      `Cannot use ${quote(text)} as a digest: it has ${hex.length} hex digits, expected ${digits} for ${algorithm}`,
    );
  }
  return `${algorithm}:${hex}`;
}

/** SHA-256 of a file, hex. Of a plain file only: anything else might never end. */
async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    if (!statSync(path).isFile()) {
      throw new SyntaxError('it is no plain file');
    }
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reason = code === 'ENOENT' ? 'no such file' : error instanceof Error ? error.message : String(error);
    const hint = /^[0-9a-f]{64}$/i.test(path) ? `; for a digest write sha256:${path.toLowerCase()}` : '';
    throw new SyntaxError(
      `Cannot read artifact ${quote(path)}: ${reason}, expected a file, or a digest such as sha256:HEX${hint}`,
      { cause: error },
    );
  }
  return hash.digest('hex');
}
