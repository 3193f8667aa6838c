import type { SignerSummary } from './alert.ts';
import { shown } from './escape.ts';

/** Longest value that a sentence quotes; the whole of it is in the alert's signer and violations. */
export const QUOTED = 160;

const GITHUB = 'https://github.com/';
/** A workflow file in a repository: `owner/repo/.github/workflows/file.yml@ref`. */
const WORKFLOW = /^https:\/\/github\.com\/([^/]+\/[^/]+)\/\.github\/workflows\/([^@]+)@/;

/** A signer in a few words, safe to print: `acme/widget release.yml`, a subject, or the beginning of a key. */
export function signerName(signer: SignerSummary): string {
  const repository = claim(signer, 'source_repository');
  const builder = WORKFLOW.exec(claim(signer, 'builder') ?? subjects(signer)[0] ?? '');
  if (repository !== null && builder !== null) {
    const [, home = '', file = ''] = builder;
    const own = `${GITHUB}${home}`.toLowerCase() === repository.toLowerCase();
    return own ? shown(`${home} ${file}`, QUOTED) : shown(`${shortRepository(repository)} via ${home} ${file}`, QUOTED);
  }
  const subject = subjects(signer)[0];
  if (subject !== undefined) {
    return shown(subject, QUOTED);
  }
  return repository === null ? `key ${signer.fingerprint.slice(0, 16)}` : shown(shortRepository(repository), QUOTED);
}

/** Who signed, from which repository, workflow, ref, trigger and runner, as one sentence that is safe to print. */
export function signerSentence(signer: SignerSummary): string {
  if (signer.type !== 'certificate') {
    return `Signed with the key ${signer.fingerprint}.`;
  }
  const details = [
    ['repository', 'source_repository'],
    ['workflow', 'builder'],
    ['ref', 'source_ref'],
    ['trigger', 'trigger'],
    ['runner', 'runner'],
    ['issuer', 'issuer'],
  ] as const;
  const told = details.flatMap(([word, name]) => {
    const value = claim(signer, name);
    return value === null ? [] : [`${word} ${shown(shorten(value), QUOTED)}`];
  });
  const verb = signer.chain === 'trusted' ? 'Signed by' : 'Claims to be signed by';
  return `${verb} ${signerName(signer)}${told.length === 0 ? '' : ` (${told.join(', ')})`}.`;
}

/** The single value of a claim; null when it is absent. */
export function claim(signer: SignerSummary, name: string): string | null {
  const value = signer[name];
  return typeof value === 'string' ? value : null;
}

/** Every SAN. */
export function subjects(signer: SignerSummary): readonly string[] {
  const value = signer['subject'];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

/** Repositories and workflows on GitHub in the shorthand of the configuration; anything else as it is. */
export function shorten(value: string): string {
  return /^https:\/\/github\.com\/[^/]+\/[^/]+(?:$|\/\.github\/workflows\/)/.test(value)
    ? shortRepository(value)
    : value;
}

function shortRepository(uri: string): string {
  return uri.startsWith(GITHUB) ? uri.slice(GITHUB.length) : uri;
}
