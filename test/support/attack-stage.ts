import { keyToPem } from '../../src/evidence/log-key.ts';
import { authority } from './actors.ts';
import type { LogSite } from './log-sites.ts';
import { Operator } from './operator.ts';

/** An {@link Operator} with one log, and a certificate authority that is trusted. */
export class AttackStage extends Operator {
  readonly site: LogSite;

  private constructor(site: LogSite, receivers: Awaited<ReturnType<typeof Operator.receivers>>) {
    super(...receivers);
    this.site = site;
    this.write('ca.pem', authority.chainPem());
    site.keys.forEach(({ spki }, place) => this.write(`log-${place}.pub`, keyToPem(spki)));
  }

  static async open(site: LogSite): Promise<AttackStage> {
    return new AttackStage(site, await Operator.receivers());
  }

  /** Writes `sigwatch.yaml`; `watches`: the items of that list, in YAML; `logs`: what of that section is another. */
  configure(watches: string, logs: Readonly<Record<string, unknown>> = {}): void {
    const { site } = this;
    const log = {
      name: 'the-log',
      type: site.type,
      url: site.url,
      // Of Rekor v1, the host that its shards are named after.
      origin: site.keys[0].name,
      public_key: site.keys.map((_, place) => `./log-${place}.pub`),
      start: 'genesis',
    };
    // JSON is YAML (YAML 1.2 §1.2).
    this.configureWith(`version: 1
trust: { source: none, certificate_authorities: [{ name: test-ca, chain: ./ca.pem }] }
logs: ${JSON.stringify({ discover: false, poll_interval: '20ms', custom: [log], ...logs })}
watches:
${watches}`);
  }

  override async close(): Promise<void> {
    await Promise.all([this.site.close(), super.close()]);
  }
}
