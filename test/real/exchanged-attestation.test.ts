import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MonitorBench } from '../support/monitor-bench.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { serveRecordedRekorV1, type RecordedRekorV1 } from '../support/recorded-rekor-v1.ts';

const RECORDED = realdata('systems/tekton/recorded');
const ORIGIN = 'rekor.peers.test - 9176649487941610700';

// A real server, before and after somebody exchanged an attestation in its storage.
describe.runIf(hasRealdata)('the program on a real server whose stored attestation was exchanged', () => {
  let bench: MonitorBench;
  let server: RecordedRekorV1;

  beforeEach(async () => {
    bench = new MonitorBench();
    server = await serveRecordedRekorV1(`${RECORDED}/v1`, 'log/log-022.json');
  });

  afterEach(async () => {
    await server.close();
    bench.close();
  });

  const watch = (expected: string) => {
    bench.configure(`
version: 1
trust: { source: none, certificate_authorities: [{ name: recorded, chain: "${RECORDED}/ca/chain.pem" }] }
logs:
  discover: false
  custom:
    - { name: tekton, type: rekor-v1, url: "${server.url}", origin: rekor.peers.test, public_key: "${RECORDED}/v1/publicKey.pem", start: genesis }
watches:
  - name: chains
    select: [{ key: 7ccdb7d5b19e6ad13cc17819fb3e811f7d635ed66e8273013068fd2cf71cff4f, kind: intoto }]
    expect: { ${expected} }
`);
  };
  const builders = () =>
    bench.read().history.map(({ index, verdict, signer }) => [index, verdict, signer['slsa_builder']]);
  const alerts = () => bench.read().alerts.filter(({ kind }) => kind !== 'started');
  const CHAINS = 'https://tekton.dev/chains/v2';

  it('finds each builder while it is the one that was signed', async () => {
    watch(`slsa_builder: ${CHAINS}`);
    expect(await bench.run()).toEqual({ found: false, failed: false });
    expect(builders()).toEqual([0, 1, 2, 21].map((index) => [index, 'expected', CHAINS]));
  });

  it('believes nothing of the other one, tells it, and ends with a finding; the log is verified to its end', async () => {
    server.folders = ['entries-tampered', 'entries'];
    watch('kind: intoto');
    expect(await bench.run()).toEqual({ found: true, failed: false });
    expect(builders()).toEqual([...[0, 1, 2].map((index) => [index, 'expected', CHAINS]), [21, 'expected', undefined]]);
    expect(alerts()).toMatchObject([
      {
        class: 'log',
        kind: 'entry-mismatch',
        severity: 'critical',
        title: `The attestation that ${ORIGIN} serves with entry 21 is not the one that was logged`,
        log: ORIGIN,
        index: 21,
        occurrences: 1,
      },
    ]);
    expect(bench.evidence('entry-mismatch')).toMatchObject([
      { signed: false, served: { sha256: expect.any(String) as unknown } },
    ]);
    expect(bench.read().logs).toMatchObject([{ origin: ORIGIN, state: 'verified', verified_size: 22 }]);
    // Nothing new the next time.
    expect(await bench.run()).toEqual({ found: false, failed: false });
    expect(alerts()).toHaveLength(1);
  });

  it('takes the claim for absent where it is asked for', async () => {
    server.folders = ['entries-tampered', 'entries'];
    watch(`slsa_builder: ${CHAINS}`);
    expect(await bench.run()).toEqual({ found: true, failed: false });
    expect(builders().at(-1)).toEqual([21, 'unexpected', undefined]);
    const told = alerts().find(({ kind }) => kind === 'unexpected');
    expect(told?.violations).toEqual([{ claim: 'slsa_builder', expected: CHAINS, found: null }]);
    expect(told?.summary).toContain('the claim is absent: the attestation served is not the one that was logged.');
  });
});
