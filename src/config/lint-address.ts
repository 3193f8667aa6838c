import { expandShorthand } from '../policy/pattern.ts';
import { DIGITS, effort, form, formsMeet, globForm, hexDigits, PATH, REST, SEGMENT, type Form } from './forms.ts';
import { quote } from './key-path.ts';
import type { Fault } from './lint-rule.ts';
import { ADDRESS_CLAIMS, GITHUB, GITLAB, WORKFLOW_CLAIMS } from './platforms.ts';
import { refRemedy } from './lint-ref.ts';

/** Workflows lie in one folder; those that GitHub itself adds have a path of their own. */
const WORKFLOW_PATHS = ['/.github/workflows/', '/dynamic/'];

/** A reusable workflow is called by a ref, or by a commit. */
const GITHUB_WORKFLOWS: readonly Form[] = WORKFLOW_PATHS.flatMap((folder) =>
  ['heads', 'tags', 'pull'].map((kind) => form(GITHUB, SEGMENT, '/', SEGMENT, folder, PATH, `@refs/${kind}/`, REST)),
);
const GITHUB_COMMITS: readonly Form[] = WORKFLOW_PATHS.map((folder) =>
  form(GITHUB, SEGMENT, '/', SEGMENT, folder, PATH, '@', hexDigits(40)),
);

/** What addresses of GitHub look like (sigstore/fulcio, config/identity/config.yaml). */
const GITHUB_FORMS: Readonly<Record<string, readonly Form[]>> = {
  builder: [...GITHUB_WORKFLOWS, ...GITHUB_COMMITS],
  workflow: GITHUB_WORKFLOWS,
  subject: [...GITHUB_WORKFLOWS, ...GITHUB_COMMITS],
  source_repository: [form(GITHUB, SEGMENT, '/', SEGMENT)],
  source_owner: [form(GITHUB, SEGMENT)],
  run: [form(GITHUB, SEGMENT, '/', SEGMENT, '/actions/runs/', DIGITS, '/attempts/', DIGITS)],
};

const GITLAB_PIPELINES: readonly Form[] = [form(GITLAB, PATH, '@refs/', SEGMENT, '/', REST)];
const GITLAB_FORMS: Readonly<Record<string, readonly Form[]>> = {
  builder: GITLAB_PIPELINES,
  workflow: GITLAB_PIPELINES,
  subject: GITLAB_PIPELINES,
};

/** Folders of pages about a repository; code and workflows have addresses without them. */
const PAGES = ['blob', 'tree', 'raw', 'blame', 'edit', 'commit', 'commits', 'actions', 'releases', 'pull'];

/** What is wrong with a string that should be, or match, an address of GitHub or GitLab. Certain, but for what `*` leaves out. */
export function addressFaults(claim: string, text: string): readonly Fault[] {
  const full = expandShorthand(text, claim);
  const address = full.toLowerCase();
  const misspelt = misspeltAddress(claim, text);
  if (misspelt !== null) {
    return [misspelt];
  }
  const forms = address.startsWith(GITHUB)
    ? GITHUB_FORMS[claim]
    : address.startsWith(GITLAB)
      ? GITLAB_FORMS[claim]
      : undefined;
  if (forms === undefined) {
    return [];
  }
  const accepted = globForm(full);
  const left = effort();
  if (!forms.some((known) => formsMeet(accepted, known, left))) {
    return [impossible(claim, text, full)];
  }
  if (claim === 'source_repository' && /\.git\/?$/.test(full)) {
    return [['never-matches', `${quote(text)}: a repository is named without ".git"`]];
  }
  const onlyCommits = !GITHUB_WORKFLOWS.some((known) => formsMeet(accepted, known, left));
  if (address.startsWith(GITHUB) && WORKFLOW_CLAIMS.has(claim) && onlyCommits && !/@[0-9a-f*]*[0-9a-f]/.test(full)) {
    return [stopsAtSlash(text)];
  }
  return [];
}

function impossible(claim: string, text: string, full: string): Fault {
  if (claim === 'run') {
    return ['never-matches', `${quote(text)} is no run: expected …/OWNER/REPO/actions/runs/NUMBER/attempts/NUMBER`];
  }
  if (claim === 'source_owner') {
    return ['never-matches', `${quote(text)} is no owner: write the name alone`];
  }
  const page = pageIn(full);
  if (page !== null) {
    return pageFault(claim, page);
  }
  if (claim === 'source_repository') {
    const owner = /^https:\/\/github\.com\/([^/]+)\/\**$/i.test(full);
    return owner && full.includes('*')
      ? ['never-matches', `${quote(text)} is no repository: write OWNER/*`]
      : ['never-matches', `${quote(text)} is no repository: write OWNER/REPO, and nothing after it`];
  }
  return impossibleWorkflow(text, full);
}

function impossibleWorkflow(text: string, full: string): Fault {
  const at = full.indexOf('@');
  if (at === -1) {
    return /\.ya?ml$/.test(full)
      ? ['missing-ref', `${quote(text)} names no ref: write it with "@refs/tags/v*" after it, or "@**" for any`]
      : /\*$/.test(full)
        ? stopsAtSlash(text)
        : [
            'never-matches',
            `${quote(text)} is no workflow: write OWNER/REPO/.github/workflows/FILE@REF, or "/**" after a repository`,
          ];
  }
  const ref = full.slice(at + 1);
  const remedy = refRemedy(ref);
  return remedy === null
    ? ['never-matches', `${quote(text)} is no workflow: expected OWNER/REPO/.github/workflows/FILE@REF`]
    : ['incomplete-ref', `${quote(text)} names the ref by halves: after "@" write ${remedy}`];
}

function stopsAtSlash(text: string): Fault {
  return [
    'single-star',
    `${quote(text)} leaves out nearly all: "*" stops at a slash, and a workflow holds several (….yml@refs/tags/v1); write "**"`,
  ];
}

/** Ways to write an address that no certificate does. */
function misspeltAddress(claim: string, text: string): Fault | null {
  if (!ADDRESS_CLAIMS.has(claim)) {
    return null;
  }
  const prefix = /^(?:URI|email|DNS|mailto):/i.exec(text)?.[0];
  if (claim === 'subject' && prefix !== undefined) {
    return ['never-matches', `no subject begins with ${quote(prefix)}: write what stands after it`];
  }
  if (claim === 'subject' && /^repo:[^/]+\/[^:]+:/.test(text)) {
    return ['never-matches', `${quote(text)} is the subject of GitHub's token: that is the claim token_subject`];
  }
  if (claim === 'subject' && /^(?:www\.)?(?:github|gitlab)\.com\//i.test(text)) {
    return ['never-matches', `${quote(text)} is no address: begin with https://`];
  }
  const host = /^(?:(?:git\+)?(?:https?|ssh|git):\/\/(?:[^/@]*@)?|git@)(?:www\.)?(github|gitlab)\.com[/:]/i.exec(text);
  return host === null || /^https:\/\/(?:github|gitlab)\.com\//i.test(text)
    ? null
    : ['never-matches', `${quote(text)} is not as certificates write it: begin with https://${host[1] ?? ''}.com/`];
}

/** The folder that makes a page of an address. */
function pageIn(address: string): string | null {
  const github = /^https:\/\/github\.com\/[^/@]+\/[^/@]+\/([a-z]+)(?:\/|$)/i.exec(address)?.[1];
  const gitlab = /^https:\/\/gitlab\.com\/[^@]+?\/-\/([a-z]+)(?:\/|$)/i.exec(address)?.[1];
  const folder = (github ?? gitlab)?.toLowerCase();
  return folder !== undefined && PAGES.includes(folder) ? folder : null;
}

/** The page of a repository that a regular expression asks for; its host may be escaped. */
export function regexpPageFault(claim: string, unescaped: string): Fault | null {
  const folder = /github\.com\/[^/@]+\/[^/@]+\/([a-z]+)\//i.exec(unescaped)?.[1]?.toLowerCase();
  const isPage = folder !== undefined && PAGES.includes(folder) && ADDRESS_CLAIMS.has(claim);
  return isPage ? pageFault(claim, folder) : null;
}

function pageFault(claim: string, folder: string): Fault {
  const what =
    claim === 'source_repository'
      ? 'a repository is OWNER/REPO'
      : 'a workflow is OWNER/REPO/.github/workflows/FILE@REF';
  const rule = claim === 'subject' && folder === 'blob' ? 'blob-subject' : 'page-address';
  return [rule, `no ${claim} holds "/${folder}/": that is the address of a page; ${what}`];
}
