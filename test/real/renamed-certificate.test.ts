import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLocalLog, type RunningLocalLog } from '../../src/demo/local-log.ts';
import { MonitorBench } from '../support/monitor-bench.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { readRealEntries } from '../support/recorded-entries.ts';

describe.runIf(hasRealdata)('the program on a real certificate with another name written into it', () => {
  let bench: MonitorBench;
  let log: RunningLocalLog;

  beforeEach(async () => {
    bench = new MonitorBench();
    log = await startLocalLog({ origin: 'rebuilt.test' });
    bench.write('log.pub', log.publicKeyPem);
    bench.configure(configuration(log.url));
  });

  afterEach(async () => {
    await log.close();
    bench.close();
  });

  it('calls it forged, though its issuer and all key identifiers are right', async () => {
    const real = readRealEntries().filter(
      ({ inst, kind, san }) => inst === 'prod-v2' && kind === 'dsse 0.0.2' && san !== null,
    );
    log.append(real.flatMap(({ leaf }) => [leaf, renamed(leaf, 'brian@dehamer.com', 'mona@github.local')]));
    expect(await bench.run()).toEqual({ found: true, failed: false });
    const found = bench.read().history.map(({ index, verdict, signer }) => ({
      ...{ index, verdict, subject: signer['subject'], chain: signer.chain },
    }));
    expect(found).toEqual([
      { index: 0, verdict: 'observed', subject: ['brian@dehamer.com'], chain: 'trusted' },
      { index: 1, verdict: 'forged', subject: ['mona@github.local'], chain: 'untrusted' },
    ]);
  });
});

/** An entry whose certificate holds `to` in place of `from`, which is as long. */
function renamed(leaf: Buffer, from: string, to: string): Buffer {
  const text = leaf.toString().replace(/"rawBytes":"([^"]+)"/, (_, base64: string) => {
    const der = Buffer.from(base64, 'base64').toString('latin1').replaceAll(from, to);
    return `"rawBytes":"${Buffer.from(der, 'latin1').toString('base64')}"`;
  });
  return Buffer.from(text);
}

function configuration(url: string): string {
  return `
version: 1
trust:
  source: { trusted_root: "${realdata('trust/sigstore__root-signing/targets/trusted_root.json')}" }
logs:
  discover: false
  custom:
    - { name: rebuilt, type: rekor-v2, url: "${url}", origin: rebuilt.test, public_key: ./log.pub, start: genesis }
watches:
  - name: persons
    select:
      - subject: [brian@dehamer.com, mona@github.local]
`;
}
