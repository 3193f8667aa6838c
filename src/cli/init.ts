import { writeFileSync } from 'node:fs';
import { ConfigError } from '../config/config-error.ts';
import { quote } from '../config/key-path.ts';
import type { ExitStatus, Io } from './io.ts';
import { safe } from './print.ts';

/** Names of GitHub organisations and users: letters, digits and single hyphens inside; managed users end in `_SHORTCODE`. */
const OWNER = /^(?=.{1,39}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?:_[A-Za-z0-9]+)?$/;

/**
 * `sigwatch init --github-org NAME`: writes a commented configuration to start from, which passes `check`. Throws ConfigError, and
 * writes nothing, for a name that GitHub does not give, for a file that is there already (unless `force`), and where it cannot write.
 */
export function initCommand(
  options: { readonly githubOrg: string; readonly file: string; readonly force?: boolean },
  io: Pick<Io, 'stdout' | 'stderr'>,
): ExitStatus {
  const { githubOrg, file } = options;
  if (!OWNER.test(githubOrg)) {
    const message = `Cannot use ${quote(githubOrg)} as a GitHub organisation: expected letters, digits and single hyphens, at most 39`;
    throw failure(file, message);
  }
  try {
    writeFileSync(file, template(githubOrg), { flag: options.force === true ? 'w' : 'wx' });
  } catch (error) {
    throw failure(file, reasonOf(error), error);
  }
  io.stdout(`${safe(`Wrote ${file}: next, look at its comments and run \`sigwatch check --config ${file}\``)}\n`);
  return 0;
}

function failure(file: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ file, line: null, column: null, path: '', message }], { cause });
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
    return 'Cannot write the configuration: the file exists already; name another one with --config, or replace it with --force';
  }
  return `Cannot write the configuration: ${error instanceof Error ? error.message : String(error)}`;
}

function template(org: string): string {
  const url = `https://github.com/${org}`;
  return `# sigwatch: who signs in the name of ${url}
# Check it with \`sigwatch check\`, start with \`sigwatch run\`. Every key is explained in config/sigwatch.example.yaml.
version: 1

trust:
  source: public-good        # the logs, keys and certificate authorities of the public Sigstore instance

logs:
  discover: true             # follow every Rekor log of that instance, also those that will come
  poll_interval: 10s
  start: head                # begin now; what was signed before is not looked at

watches:
  - name: ${yamlName(org)}
    description: Everything that is signed in the name of ${url}
    select:                  # an entry that meets one of these claims to be ours
      - source_owner: ${url}
      # Certificates of before 2023 name their owner in the subject only. If strangers may call your reusable
      # workflows, their builds carry this subject as well: then take the next line out.
      - subject: ${url}/**
    expect:                  # then all of this must hold, or you are told
      issuer: https://token.actions.githubusercontent.com
      runner: github-hosted
      source_owner: ${url}
      signature: [verified, not-checkable]   # not-checkable: the entry does not hold what was signed (attestations)
      signing_time: [within, unknown]        # logged while the certificate was valid; unknown: Rekor v2 keeps no time
      sct: verified                          # a CT log has promised to show the certificate
      # The narrower, the better. Uncomment what is true of your releases:
      # source_owner_id: "123456"            # survives a renamed or re-registered organisation: gh api orgs/${org} --jq .id
      # builder: ${org}/REPOSITORY/.github/workflows/release.yml@refs/tags/v*
      # source_ref: [refs/tags/v*, refs/heads/main]
      # trigger: [push, release]
    severity: high

# Without channels alerts are only kept: see \`sigwatch alerts\`. Uncomment one or both.
# notify:
#   channels:
#     slack:
#       type: slack
#       webhook_url: { env: SLACK_WEBHOOK_URL }
#     mail:
#       type: email
#       from: sigwatch@example.com
#       to: [security@example.com]
#       smtp: { host: smtp.example.com, port: 587, user: sigwatch, password: { file: /run/secrets/smtp } }
#   routes:
#     - { class: [identity, log], severity: [critical, high], to: [slack, mail] }
#     - { to: [mail] }
`;
}

/** A name that YAML would read as a number or a word of its own (`123`, `null`) stands in quotes. */
function yamlName(org: string): string {
  return /^[A-Za-z]/.test(org) && !/^(?:null|true|false)$/i.test(org) ? org : JSON.stringify(org);
}
