import { quote } from '../config/key-path.ts';
import { yamlText } from '../config/yaml-text.ts';
import { COMPUTED_LINES, detectorLines, type DraftedWatch } from './init-config.ts';

/** Names of GitHub organisations and users: letters, digits and single hyphens inside; managed users end in `_SHORTCODE`. */
const OWNER = /^(?=.{1,39}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?:_[A-Za-z0-9]+)?$/;
/** Names of GitHub repositories. GitHub takes `.git` away from the end of one. */
const REPOSITORY = /^(?!\.{1,2}$)(?!.*\.git$)[A-Za-z0-9._-]{1,100}$/i;

const ISSUER = 'https://token.actions.githubusercontent.com';

/** The watch over everything that is signed in the name of an organisation. Throws SyntaxError for a name that GitHub does not give. */
export function watchOrganisation(org: string): DraftedWatch {
  if (!OWNER.test(org)) {
    throw new SyntaxError(
      `Cannot use ${quote(org)} as a GitHub organisation: expected letters, digits and single hyphens, at most 39`,
    );
  }
  const url = `https://github.com/${org}`;
  return {
    about: `who signs in the name of ${url}`,
    name: org,
    description: `Everything that is signed in the name of ${url}`,
    lines: [
      'select:                  # an entry that meets one of these claims to be ours',
      `  - source_owner: ${url}`,
      '  # Certificates of before 2023 name their owner in the subject only. If strangers may call your reusable',
      '  # workflows, their builds carry this subject as well: then take the next line out.',
      `  - subject: ${url}/**`,
      'expect:                  # then all of this must hold, or you are told',
      `  issuer: ${ISSUER}`,
      '  runner: github-hosted',
      `  source_owner: ${url}`,
      ...COMPUTED_LINES,
      '  # The narrower, the better. Uncomment what is true of your releases:',
      `  # source_owner_id: "123456"            # survives a renamed or re-registered organisation: gh api orgs/${org} --jq .id`,
      `  # builder: ${org}/REPOSITORY/.github/workflows/release.yml@refs/tags/v*`,
      '  # source_ref: [refs/tags/v*, refs/heads/main]',
      '  # trigger: [push, release]',
      ...detectorLines(
        '[source_repository, trigger]',
        'a repository or an event that was never seen here before; builder and source_ref fit as well: tags that differ in their numbers only are one',
      ),
    ],
  };
}

/** The watch over one repository, `OWNER/REPO`. Throws SyntaxError for a name that GitHub does not give. */
export function watchRepository(name: string): DraftedWatch {
  const [owner = '', repository = '', ...others] = name.split('/');
  if (!OWNER.test(owner) || !REPOSITORY.test(repository) || others.length > 0) {
    throw new SyntaxError(
      `Cannot use ${quote(name)} as a GitHub repository: expected OWNER/REPO, as in https://github.com/OWNER/REPO`,
    );
  }
  const url = `https://github.com/${name}`;
  return {
    about: `who signs for ${url}`,
    name,
    description: `Everything that is signed for ${url}`,
    lines: [
      'select:                  # an entry that meets one of these claims to be ours',
      `  - source_repository: ${yamlText(name)}`,
      '  # Certificates of before 2023 name their repository in the subject only. If strangers may call your reusable',
      '  # workflows, their builds carry this subject as well: then take the next line out.',
      `  - subject: ${url}/**`,
      'expect:                  # then all of this must hold, or you are told',
      `  issuer: ${ISSUER}`,
      '  runner: github-hosted',
      `  source_repository: ${yamlText(name)}`,
      ...COMPUTED_LINES,
      '  # The narrower, the better. Uncomment what is true of your releases:',
      '  # A name can be registered anew once it is given up; its numbers cannot. Write yours:',
      `  # source_repository_id: "123456"       # gh api repos/${name} --jq .id`,
      `  # source_owner_id: "123456"            # gh api repos/${name} --jq .owner.id`,
      `  # builder: ${name}/.github/workflows/release.yml@refs/tags/v*   # the workflow that signs, at tags only`,
      '  # source_ref: refs/tags/v*             # all tags, also with slashes: refs/tags/**',
      '  # trigger: [push, release]',
      '  # environment: release                 # only where the workflow runs in a protected environment',
      ...detectorLines(
        '[trigger, environment]',
        'an event or environment that was never seen here before; builder and source_ref fit as well: tags that differ in their numbers only are one',
      ),
    ],
  };
}
