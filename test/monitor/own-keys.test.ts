import { afterEach, beforeEach, expect, it } from 'vitest';
import { startFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { fillers } from '../support/actors.ts';
import { entryFixture } from '../support/entry-fixtures.ts';
import { siteV1, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, releaseWatch, rule } from '../support/monitor-rig.ts';

/** The key of the fixtures with a PGP key of RSA: primary key, and the subkey that signed. */
const PRIMARY = '3b682c25572108a510270c67ff9fc7d1d18df03f';
const SUBKEY = '4802fac10ef4b72586422458ca38fcccf5e74a0b';
const SSH_KEY = 'SHA256:htZ1c0rlH012oQC48Qmfn2MSu5YcjzriI3RWViEChwo';
const MINISIGN_KEY = 'b0c574af35195806';

let rig: MonitorRig;
let site: LogSite;

beforeEach(async () => {
  rig = new MonitorRig();
  site = siteV1(await startFakeRekorV1({}));
  const bodies = ['rpm', 'rekord-ssh-ed25519', 'helm', 'rekord-minisign', 'rekord-pgp-ed25519'].map(entryFixture);
  site.append([...fillers(3), ...bodies]);
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

it('finds who signed packages with keys of PGP, SSH and minisign, and tells of what must not be', async () => {
  const watches = [
    releaseWatch({
      name: 'packages',
      select: [[rule('key', SUBKEY)]],
      expect: [rule('key', PRIMARY), rule('kind', 'rpm')],
    }),
    releaseWatch({ name: 'retired', select: [[rule('key', SSH_KEY)]], expect: 'none' }),
    releaseWatch({ name: 'site', select: [[rule('key', MINISIGN_KEY)]], expect: null }),
    releaseWatch({ name: 'mail', select: [[rule('key_subject', '*@peers.test')]], expect: null }),
  ];
  rig.watches = watches;
  await rig.poll(site.source(rig.http));
  expect(rig.verdicts()).toEqual([
    '3 mail observed',
    '3 packages expected',
    '4 retired unexpected',
    '5 mail observed',
    '5 packages unexpected',
    '6 site observed',
    '7 mail observed',
  ]);
  expect(rig.alerts()).toMatchObject([
    { kind: 'unexpected', watch: 'retired', index: 4, signer: { type: 'ssh', chain: null, fingerprint: SSH_KEY } },
    {
      kind: 'unexpected',
      watch: 'packages',
      index: 5,
      violations: [{ claim: 'kind', expected: 'rpm', found: 'helm' }],
      signer: {
        type: 'pgp',
        fingerprint: PRIMARY,
        key_subject: ['rsa-second@peers.test', 'rsa-pgp@peers.test'],
        signature: 'not-checkable',
      },
    },
  ]);
});
