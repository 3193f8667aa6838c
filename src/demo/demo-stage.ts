import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDemoAuthority, type DemoAuthority } from './certificate-authority.ts';
import { hashedRekordV2 } from './entries.ts';
import { startLocalLog, type RunningLocalLog } from './local-log.ts';
import { startMailReceiver, type MailReceiver } from './mail-receiver.ts';
import { startSlackReceiver, type SlackReceiver } from './slack-receiver.ts';

const GITHUB = 'https://github.com';
const REPOSITORY = `${GITHUB}/acme/widget`;
const WORKFLOW = `${REPOSITORY}/.github/workflows/release.yml`;

/** Everything that the demo's daemon meets. */
export interface Stage {
  readonly log: RunningLocalLog;
  readonly authority: DemoAuthority;
  readonly slack: SlackReceiver;
  readonly mail: MailReceiver;
  readonly configFile: string;
  readonly database: string;
}

/** Starts the servers and writes the configuration, with its keys, into `folder`. */
export async function setStage(folder: string): Promise<Stage> {
  const [log, slack, mail] = await Promise.all([
    startLocalLog({ origin: 'demo.log' }),
    startSlackReceiver(),
    startMailReceiver(),
  ]);
  const authority = createDemoAuthority({ name: 'demo-ca' });
  writeFileSync(join(folder, 'ca.pem'), authority.chainPem());
  writeFileSync(join(folder, 'log.pub'), log.publicKeyPem);
  const configFile = join(folder, 'sigwatch.yaml');
  writeFileSync(configFile, configuration(log.url, slack.url, mail.port));
  return { log, authority, slack, mail, configFile, database: join(folder, 'data', 'sigwatch.db') };
}

/** The one rule of the demo, as it stands in its configuration. */
export const WATCH = `watches:
  - name: widget-release
    select:
      - source_repository: acme/widget
    expect:
      issuer: https://token.actions.githubusercontent.com
      builder: acme/widget/.github/workflows/release.yml@refs/tags/v*
      source_ref: refs/tags/v*
      trigger: push
      runner: github-hosted
    severity: critical
`;

function configuration(logUrl: string, slackUrl: string, mailPort: number): string {
  return `version: 1
database: ./data/sigwatch.db
trust:
  source: none
  certificate_authorities: [{ name: demo-ca, chain: ./ca.pem }]
logs:
  discover: false
  poll_interval: 500ms
  custom:
    - { name: demo, type: rekor-v2, url: "${logUrl}", origin: demo.log, public_key: ./log.pub, start: genesis }
${WATCH}notify:
  group_wait: 500ms
  channels:
    security: { type: slack, webhook_url: "${slackUrl}" }
    mail: { type: email, from: sigwatch@acme.example, to: [security@acme.example], smtp: { host: 127.0.0.1, port: ${mailPort}, tls: none } }
`;
}

/** The leaf of a release that the workflow of acme/widget signed at `ref`. */
export function signed({ authority }: Stage, ref: string): Buffer {
  const workflow = `${WORKFLOW}@${ref}`;
  const { certificate, privateKey } = authority.issue({
    subject: workflow,
    claims: {
      issuer: 'https://token.actions.githubusercontent.com',
      builder: workflow,
      builder_digest: 'c0ffee0123456789c0ffee0123456789c0ffee01',
      runner: 'github-hosted',
      source_repository: REPOSITORY,
      source_digest: 'c0ffee0123456789c0ffee0123456789c0ffee01',
      source_ref: ref,
      source_repository_id: '123456',
      source_owner: `${GITHUB}/acme`,
      source_owner_id: '654321',
      workflow,
      trigger: 'push',
      run: `${REPOSITORY}/actions/runs/4711/attempts/1`,
    },
  });
  return hashedRekordV2({ certificate, privateKey, artifact: Buffer.from(`widget at ${ref}`) });
}

/** Leaves of people the watch does not ask about. */
export function strangers({ authority }: Stage, count: number): Buffer[] {
  return Array.from({ length: count }, (_, number) => {
    const { certificate, privateKey } = authority.issue({
      subject: `developer-${number}@elsewhere.example`,
      claims: { issuer: 'https://accounts.google.com' },
    });
    return hashedRekordV2({ certificate, privateKey, artifact: Buffer.from(`artifact ${number}`) });
  });
}
