import { REPOSITORY_CLAIMS } from '../policy/claims.ts';
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
  if (repository !== null) {
    return shown(shortRepository(repository), QUOTED);
  }
  return signer.fingerprint === null ? 'nobody it names' : `key ${shown(signer.fingerprint.slice(0, 16), QUOTED)}`;
}

/** Who signed, from which repository, workflow, ref, trigger and runner, as one sentence that is safe to print. */
export function signerSentence(signer: SignerSummary): string {
  if (signer.type !== 'certificate') {
    const verb = signer['signature'] === 'invalid' ? 'Claims to be signed' : 'Signed';
    return signer.fingerprint === null ? '' : `${verb} with the key ${shown(signer.fingerprint, QUOTED)}.`;
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
    return value === null ? [] : [`${word} ${shown(shorten(name, value), QUOTED)}`];
  });
  const isGenuine = signer.chain === 'trusted' && signer['signature'] !== 'invalid';
  const verb = isGenuine ? 'Signed by' : 'Claims to be signed by';
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

/** What a claim says, in the shorthand of the configuration where that may stand: GitHub's login is an issuer, and no repository. */
export function shorten(name: string, value: string): string {
  return REPOSITORY_CLAIMS.has(name) && /^https:\/\/github\.com\/[^/]+\/[^/]+(?:$|\/\.github\/workflows\/)/.test(value)
    ? shortRepository(value)
    : value;
}

function shortRepository(uri: string): string {
  return uri.startsWith(GITHUB) ? uri.slice(GITHUB.length) : uri;
}
