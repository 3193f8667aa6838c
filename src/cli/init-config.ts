import { yamlText } from '../config/yaml-text.ts';

/** What `init` writes of one subject. */
export interface DraftedWatch {
  /** What is watched, for the head of the file: one line. */
  readonly about: string;
  /** Cut where it is too long for one. */
  readonly name: string;
  readonly description: string;
  /** Lines of the watch after its description, without the blanks before them. */
  readonly lines: readonly string[];
}

/** What every certificate of the public instance must show beside its claims, as lines of `expect`. */
export const COMPUTED_LINES: readonly string[] = [
  '  signature: [verified, not-checkable]   # not-checkable: the entry does not hold what was signed (attestations)',
  '  signing_time: [within, unknown]        # logged while the certificate was valid; unknown: Rekor v2 keeps no time',
  '  sct: verified                          # a CT log has promised to show the certificate',
];

/** The detectors, to be uncommented. `firstSeen`: the claims that name whoever is new. */
export function detectorLines(firstSeen: string, why: string): readonly string[] {
  return [
    'severity: high',
    '# These tell what a good signature does not show. Uncomment what fits:',
    `# first_seen: ${firstSeen}   # ${why}`,
    '# burst: { per: 10m, over: auto }          # more signatures at once than ever before, though each of them holds',
    '# cadence: 30d                             # no expected signature for so long: a release may have gone past your CI',
    '# artifacts: { follow: true }              # somebody else signs what you signed; known ones: allow: [{ subject: … }]',
  ];
}

/** Longest name of a watch. */
const MAX_NAME = 100;

/** A whole configuration with one watch, which passes `check`. */
export function configText({ about, name: whole, description, lines }: DraftedWatch): string {
  const name = Array.from(whole).slice(0, MAX_NAME).join('');
  return `# sigwatch: ${about}
# Check it with \`sigwatch check\`, start with \`sigwatch run\`. Every key is explained in config/sigwatch.example.yaml.
version: 1

trust:
  source: public-good        # the logs, keys and certificate authorities of the public Sigstore instance

logs:
  discover: true             # follow every Rekor log of that instance, also those that will come
  poll_interval: 10s
  start: head                # begin now; what was signed before is not looked at

watches:
  - name: ${yamlText(name)}
    description: ${yamlText(description)}
${lines.map((line) => `    ${line}\n`).join('')}
# Once it has seen some releases, \`sigwatch suggest --watch ${shellWord(name)}\` drafts an expect from them.

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

/** A word for a shell, in quotes where it needs them. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
