import { afterEach, describe, expect, it } from 'vitest';
import { hash } from 'node:crypto';
import { startFakeCt, type RunningFakeCt } from '../fakes/fake-ct.ts';
import { precertificateEntry } from '../fakes/ct-entry.ts';
import { authority, releaseAt } from '../support/actors.ts';
import { MonitorBench } from '../support/monitor-bench.ts';

const WATCHES = `watches:
  - name: widget-release
    select: [{ source_repository: acme/widget }]
    expect: { source_ref: refs/tags/v*, signature: verified }
`;

const bench = new MonitorBench();
let log: RunningFakeCt;

afterEach(async () => {
  bench.close();
  await log.close();
});

/** A trusted root that names one CT log and one authority. */
function trustedRoot(url: string, spki: Buffer): string {
  const validFor = { start: '2020-01-01T00:00:00Z' };
  const keyId = hash('sha256', spki, 'base64');
  return JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    ctlogs: [
      {
        ...{ baseUrl: url, hashAlgorithm: 'SHA2_256', logId: { keyId } },
        publicKey: { rawBytes: spki.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
      },
    ],
    certificateAuthorities: [
      {
        ...{ subject: { organization: 'acme', commonName: 'acme' }, uri: 'https://ca.acme.example', validFor },
        certChain: { certificates: authority.chain.map((der) => ({ rawBytes: der.toString('base64') })) },
      },
    ],
  });
}

describe('a configuration with `ct: true`', () => {
  it('follows the CT logs of the trust source and judges what they hold', async () => {
    log = await startFakeCt('rfc6962');
    // The bench's now: an older tree head would be a log that stalled.
    log.headTime = Date.parse('2027-01-01T00:00:00Z');
    const [good, bad] = ['refs/tags/v1', 'refs/heads/main'].map((ref) => authority.issueLogged(releaseAt(ref)));
    log.append([good, bad].flatMap((issued) => (issued === undefined ? [] : [precertificateEntry(issued, 1)])));
    bench.write('trusted_root.json', trustedRoot(log.url, log.spki));
    const trust = 'trust: { source: { trusted_root: trusted_root.json } }';
    bench.configure(`version: 1\n${trust}\nlogs: { discover: true, ct: true, start: genesis }\n${WATCHES}`);
    await bench.run();
    const { logs, history } = bench.read();
    expect(logs).toMatchObject([
      { origin: new URL(log.url).host, type: 'ct', state: 'verified', verified_size: 2, kinds: { precertificate: 2 } },
    ]);
    expect(history.map(({ index, kind, verdict }) => [index, kind, verdict])).toEqual([
      [0, 'precertificate', 'expected'],
      [1, 'precertificate', 'unexpected'],
    ]);
  });
});
