import type { DemoAuthority, IssuedClaims } from '../../src/demo/certificate-authority.ts';
import { hashedRekordV2, type EntrySigner } from '../../src/demo/entries.ts';

const GITHUB = 'https://github.com';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** Which run of a release workflow signs. */
export interface WorkflowRun {
  /** `owner/repo` */
  readonly repository: string;
  readonly ref: string;
  /** Instead of what the run would have. */
  readonly claims?: IssuedClaims;
}

/** A certificate for `.github/workflows/release.yml` of a repository, as Fulcio issues it to GitHub Actions, and its key. */
export function workflowSigner(authority: DemoAuthority, run: WorkflowRun): EntrySigner {
  const repository = `${GITHUB}/${run.repository}`;
  const workflow = `${repository}/.github/workflows/release.yml@${run.ref}`;
  return authority.issue({
    subject: workflow,
    claims: {
      issuer: 'https://token.actions.githubusercontent.com',
      builder: workflow,
      builder_digest: COMMIT,
      runner: 'github-hosted',
      source_repository: repository,
      source_digest: COMMIT,
      source_ref: run.ref,
      source_repository_id: '123456',
      source_owner: `${GITHUB}/${run.repository.split('/', 1).join('')}`,
      source_owner_id: '654321',
      workflow,
      workflow_digest: COMMIT,
      trigger: 'push',
      run: `${repository}/actions/runs/4711/attempts/1`,
      visibility: 'public',
      ...run.claims,
    },
  });
}

/** The leaf of an artifact that such a run signed. */
export function workflowEntry(authority: DemoAuthority, run: WorkflowRun, artifact = `widget at ${run.ref}`): Buffer {
  return hashedRekordV2({ ...workflowSigner(authority, run), artifact: Buffer.from(artifact) });
}

/** Leaves that no watch selects. */
export function strangerEntries(authority: DemoAuthority, count: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, number) =>
    hashedRekordV2({
      ...authority.issue({
        subject: `developer-${number}@elsewhere.example`,
        claims: { issuer: 'https://accounts.google.com' },
      }),
      artifact: Buffer.from(`artifact ${number}`),
    }),
  );
}
