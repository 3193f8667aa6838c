import { hash } from 'node:crypto';
import type { CertificateRequest, IssuedClaims } from '../../src/demo/certificate-authority.ts';
import { certify, GITHUB, type Certified } from './actors.ts';

/** What ran, and where; what is left out is as in every release of acme/widget. */
export interface GitHubRun {
  /** `owner/repo` */
  readonly repository?: string;
  /** File under `.github/workflows`. */
  readonly workflow?: string;
  readonly ref?: string;
  /** A reusable workflow that signed, `owner/repo/…@ref`; else the workflow itself did. */
  readonly builder?: string;
  readonly at?: Date;
  /** Which run of the repository. */
  readonly run?: number;
  /** Instead of what the run would have. */
  readonly claims?: IssuedClaims;
}

/** Numbers that GitHub gave acme and its widget. */
export const WIDGET_ID = '123456';
export const ACME_ID = '654321';
const KNOWN_IDS: Readonly<Record<string, string>> = { 'acme/widget': WIDGET_ID, acme: ACME_ID };

/** What Fulcio certifies to a run of GitHub Actions; the default time is now. */
export function githubRun(run: GitHubRun = {}): CertificateRequest {
  const { repository = 'acme/widget', workflow = 'release.yml', ref = 'refs/tags/v1.0.0' } = run;
  const [owner = ''] = repository.split('/');
  const source = `${GITHUB}/${repository}`;
  const config = `${source}/.github/workflows/${workflow}@${ref}`;
  const builder = run.builder === undefined ? config : `${GITHUB}/${run.builder}`;
  const commit = hash('sha1', `${repository} ${ref}`, 'hex');
  return {
    subject: builder,
    notBefore: run.at ?? new Date(),
    claims: {
      issuer: 'https://token.actions.githubusercontent.com',
      builder,
      builder_digest: commit,
      runner: 'github-hosted',
      source_repository: source,
      source_digest: commit,
      source_ref: ref,
      source_repository_id: idOf(repository),
      source_owner: `${GITHUB}/${owner}`,
      source_owner_id: idOf(owner),
      workflow: config,
      workflow_digest: commit,
      trigger: 'push',
      run: `${source}/actions/runs/${run.run ?? 4711}/attempts/1`,
      visibility: 'public',
      ...run.claims,
    },
  };
}

/** Who signs in such a run. */
export function runSigner(run: GitHubRun = {}): Certified {
  return certify(githubRun(run));
}

/** A number that stays the same; not one that GitHub gave anybody. */
function idOf(name: string): string {
  return KNOWN_IDS[name] ?? String(Number.parseInt(hash('sha1', name, 'hex').slice(0, 7), 16));
}
