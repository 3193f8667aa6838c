import { generateKeyPairSync, hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CertificateRequest } from '../../src/demo/certificate-authority.ts';
import type { EntryEvidence } from '../../src/log/log.ts';
import { loadWatches } from '../../src/monitor/load-watches.ts';
import type { ArtifactsRule, Selector, Watch } from '../../src/policy/watch.ts';
import { closeAlert } from '../../src/store/alerts.ts';
import { certify, fillers, forger, NOW, releaseAt, STRANGER } from '../support/actors.ts';
import { BOTH, type LogSite, type StartSite } from '../support/log-sites.ts';
import { Death, mortalStore } from '../support/mortal-store.ts';
import { MonitorRig, releaseWatch, rule } from '../support/monitor-rig.ts';

const WIDGET = `sha256:${hash('sha256', 'widget', 'hex')}`;

let rig: MonitorRig;
let site: LogSite;

beforeEach(() => {
  rig = new MonitorRig();
  rig.watches = [following()];
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

function following(differing: Partial<Watch> = {}, artifacts: Partial<ArtifactsRule> = {}): Watch {
  return releaseWatch({ artifacts: { follow: true, allow: [], ...artifacts }, ...differing });
}

/** The release workflow of some repository on GitHub. */
function workflowOf(repository: string, ref = 'refs/tags/v1'): CertificateRequest {
  const source = `https://github.com/${repository}`;
  const workflow = `${source}/.github/workflows/release.yml@${ref}`;
  return {
    subject: workflow,
    notBefore: NOW,
    claims: {
      issuer: 'https://token.actions.githubusercontent.com',
      builder: workflow,
      source_repository: source,
      source_ref: ref,
    },
  };
}

const bareKey = () => ({ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey });

const ours = (artifact = 'widget'): Buffer => site.entry(certify(releaseAt('refs/tags/v1')), artifact);
const by = (request: CertificateRequest, artifact = 'widget'): Buffer => site.entry(certify(request), artifact);

async function poll(...leaves: readonly Buffer[]): Promise<void> {
  site.append(leaves);
  expect(await rig.poll(site.source(rig.http))).toMatchObject([{ kind: 'verified' }]);
}

const told = () =>
  rig.alerts().map(({ severity, kind, occurrences, index }) => `${index} ${severity} ${kind} ${occurrences}`);

async function setSite(start: StartSite): Promise<void> {
  site = await start();
}

describe.each(BOTH)('artifacts that others sign again, in a %s log', (_, start) => {
  beforeEach(() => setSite(start));

  it('tells of it, low, and keeps it as what the watch observed', async () => {
    await poll(ours(), ...fillers(20));
    await poll(by(STRANGER), ...fillers(3, 100));
    const alert = rig.onlyAlert('artifact-resigned');
    expect(alert).toMatchObject({
      class: 'identity',
      severity: 'low',
      state: 'open',
      watch: 'widget-release',
      index: 21,
      artifacts: [WIDGET],
      violations: [],
      signer: { subject: ['developer@elsewhere.example'], chain: 'trusted' },
    });
    expect(alert.title).toBe(
      `widget-release: developer@elsewhere.example signed ${WIDGET.slice(0, 19)}…, which this watch follows`,
    );
    expect(alert.summary).toContain(
      `${WIDGET} is an artifact of this watch: signed by acme/widget release.yml at 2026-11-21T12:00:00.000Z, entry 0 of ${site.origin}.`,
    );
    expect(alert.summary).toContain('`artifacts.allow`');
    // Proven as any other alert.
    expect((alert.evidence as EntryEvidence).leaf.index).toBe(21);
    expect(rig.verdicts()).toEqual(['0 widget-release expected', '21 widget-release observed']);
    expect(rig.rows('SELECT resigned, alert FROM findings ORDER BY id')).toEqual([
      { resigned: null, alert: null },
      { resigned: WIDGET, alert: alert.id },
    ]);
  });

  it.each([
    ['after ours', () => [ours(), by(STRANGER)], 1],
    ['before ours', () => [by(STRANGER), ours()], 0],
  ])('tells of it in one batch, when it stands %s', async (_place, leaves, index) => {
    await poll(...leaves());
    expect(told()).toEqual([`${index} low artifact-resigned 1`]);
  });

  it('says nothing of other artifacts, nor of an artifact that nobody of ours signed', async () => {
    await poll(ours(), by(STRANGER, 'another'), by(STRANGER, 'another'), by(workflowOf('acrne/widget'), 'another'));
    expect(told()).toEqual([]);
    expect(rig.verdicts()).toEqual(['0 widget-release expected']);
  });

  it('says nothing where nothing is followed', async () => {
    rig.watches = [releaseWatch(), following({ name: 'other', select: [[rule('key', 'ab'.repeat(32))]] })];
    await poll(ours(), by(STRANGER));
    rig.watches = [following({}, { follow: false })];
    await poll(ours(), by(STRANGER));
    expect(told()).toEqual([]);
  });

  it('follows only what an expected signer signed with a signature that verifies', async () => {
    const wrong = { ...certify(releaseAt('refs/tags/v1')), ...bareKey() };
    await poll(
      by(releaseAt('refs/heads/hotfix'), 'by a branch'),
      site.entry(certify(releaseAt('refs/tags/v1'), forger), 'by a forger'),
      site.entry(wrong, 'under a broken signature'),
      site.envelope([certify(releaseAt('refs/tags/v1'))], '"not checkable"'),
      ours('good'),
    );
    expect(rig.rows('SELECT artifact, idx FROM followed_artifacts')).toEqual([
      { artifact: `sha256:${hash('sha256', 'good', 'hex')}`, idx: 4 },
    ]);
  });

  it('never follows an empty file', async () => {
    await poll(ours(''), by(STRANGER, ''));
    await poll(by(STRANGER, ''));
    expect(told()).toEqual([]);
  });

  it('does not take whom the watch itself judges for a stranger', async () => {
    await poll(
      ours(),
      ours(),
      by(releaseAt('refs/heads/hotfix')),
      site.entry(certify(releaseAt('refs/tags/v1'), forger)),
    );
    expect(told()).toEqual(['2 critical unexpected 1', '3 low forged 1']);
  });

  it('does not take for strangers whom another watch expects, in both directions', async () => {
    const mirror = 'https://github.com/acme-mirror/widget';
    rig.watches = [
      following(),
      following({
        name: 'mirror',
        select: [[rule('source_repository', mirror)]],
        expect: [rule('source_repository', mirror)],
      }),
    ];
    await poll(by(workflowOf('acme-mirror/widget')), ours());
    await poll(ours(), by(workflowOf('acme-mirror/widget')));
    expect(told()).toEqual([]);
    // Told by both once a stranger does it.
    await poll(by(STRANGER));
    expect(rig.alerts().map(({ watch, kind }) => [watch, kind])).toEqual([
      ['widget-release', 'artifact-resigned'],
      ['mirror', 'artifact-resigned'],
    ]);
    expect(rig.verdicts().slice(-2)).toEqual(['4 mirror observed', '4 widget-release observed']);
  });

  it('tells of whom another watch does not expect, by both', async () => {
    rig.watches = [
      following(),
      releaseWatch({ name: 'nobody', select: [[rule('subject', '*@elsewhere.example')]], expect: 'none' }),
    ];
    await poll(ours(), by(STRANGER));
    expect(rig.alerts().map(({ watch, kind }) => [watch, kind])).toEqual([
      ['nobody', 'unexpected'],
      ['widget-release', 'artifact-resigned'],
    ]);
  });

  it('judges each signer of an entry alone', async () => {
    rig.watches = [following({ expect: [rule('issuer', 'https://token.actions.githubusercontent.com')] })];
    const signers = [certify(releaseAt('refs/tags/v1')), certify(STRANGER), certify(workflowOf('globex/widget'))];
    // The same digest as an artifact that is ours.
    await poll(ours('{"statement":1}'), site.envelope(signers, '{"statement":1}'));
    expect(rig.verdicts()).toEqual([
      '0 widget-release expected',
      '1 widget-release expected',
      '1 widget-release observed',
      '1 widget-release observed',
    ]);
    expect(told()).toEqual(['1 low artifact-resigned 1', '1 low artifact-resigned 1']);
  });

  it('folds what the same identity does again, also at another ref, and opens again after it was closed', async () => {
    await poll(ours('one'), ours('two'), by(workflowOf('globex/mirror', 'refs/tags/1'), 'one'));
    await poll(
      by(workflowOf('globex/mirror', 'refs/tags/2'), 'two'),
      by(workflowOf('globex/mirror', 'refs/tags/2'), 'one'),
    );
    expect(told()).toEqual(['2 low artifact-resigned 3']);
    closeAlert(rig.store, rig.onlyAlert().dedupeKey);
    await poll(by(workflowOf('globex/mirror', 'refs/tags/3'), 'two'));
    expect(rig.onlyAlert()).toMatchObject({ state: 'open', occurrences: 4 });
    await poll(by(workflowOf('umbrella/mirror'), 'one'));
    expect(told()).toHaveLength(2);
  });

  describe('of who imitates', () => {
    it('tells high, and says what it imitates', async () => {
      await poll(ours(), by(workflowOf('acrne/widget')));
      const alert = rig.onlyAlert();
      expect(alert).toMatchObject({ severity: 'high', kind: 'artifact-resigned', index: 1 });
      expect(alert.title).toBe(
        `widget-release: look-alike acrne/widget release.yml signed ${WIDGET.slice(0, 19)}…, which this watch follows`,
      );
      expect(alert.summary).toContain(
        'It imitates a signer of this watch: github.com/acrne reads like github.com/acme.',
      );
    });

    it('tells low when nobody vouches for it, once for all, and that swallows nothing', async () => {
      const forged = (repository: string) => site.entry(certify(workflowOf(repository), forger));
      await poll(ours(), forged('acrne/widget'), forged('acmee/widget'), forged('globex/widget'));
      expect(told()).toEqual(['1 low artifact-resigned 3']);
      expect(rig.onlyAlert().links).toEqual({ entry: null, run: null, commit: null });
      await poll(by(workflowOf('acrne/widget')), by(workflowOf('globex/widget')));
      expect(told()).toEqual(['1 low artifact-resigned 3', '4 high artifact-resigned 1', '5 low artifact-resigned 1']);
    });

    it('sees it beside who signed for the watch, whatever the watch writes', async () => {
      rig.watches = [
        following({
          select: [[rule('subject', { regexp: '.*/widget/.*' })]],
          expect: [rule('source_ref', 'refs/tags/v*')],
        }),
      ];
      await poll(ours());
      await poll(by(workflowOf('acrne/gadget')));
      expect(told()).toEqual(['1 high artifact-resigned 1']);
    });
  });

  describe('of who is allowed', () => {
    const allow: readonly Selector[] = [
      [rule('subject', 'https://github.com/downstream/**')],
      [rule('subject', '*@elsewhere.example'), rule('issuer', 'https://accounts.google.com')],
    ];

    it('says nothing', async () => {
      rig.watches = [following({}, { allow })];
      await poll(ours(), by(workflowOf('downstream/packages')), by(STRANGER));
      expect(told()).toEqual([]);
      expect(rig.verdicts()).toEqual(['0 widget-release expected']);
    });

    it('tells when any claim of an item differs', async () => {
      rig.watches = [following({}, { allow })];
      const other = { ...STRANGER, claims: { issuer: 'https://issuer.example' } };
      await poll(ours(), by(other), by(workflowOf('downstreams/packages')));
      expect(told()).toEqual(['1 low artifact-resigned 1', '2 low artifact-resigned 1']);
    });

    it('tells when nobody vouches that it is the one', async () => {
      rig.watches = [following({}, { allow })];
      const wrong = { ...certify(workflowOf('downstream/packages')), ...bareKey() };
      await poll(ours(), site.entry(certify(workflowOf('downstream/packages'), forger)), site.entry(wrong));
      expect(told()).toEqual(['1 low artifact-resigned 2']);
    });

    it('holds for a key, and for an artifact', async () => {
      const key = bareKey();
      await poll(ours('one'), ours('two'), site.entry(key, 'one'));
      const { fingerprint } = rig.onlyAlert().signer ?? {};
      closeAlert(rig.store, rig.onlyAlert().dedupeKey);
      rig.watches = [
        following(
          {},
          { allow: [[rule('key', fingerprint ?? '')], [rule('artifact', `sha256:${hash('sha256', 'two', 'hex')}`)]] },
        ),
      ];
      await poll(site.entry(key, 'one'), site.entry(bareKey(), 'two'));
      expect(rig.onlyAlert()).toMatchObject({ state: 'closed', occurrences: 1 });
      await poll(site.entry(bareKey(), 'one'));
      expect(told()).toHaveLength(2);
    });
  });

  it('has the trust data read again for who is not known', async () => {
    rig.watches = [following({}, { allow: [[rule('subject', 'https://github.com/downstream/**')]] })];
    const asked: Date[] = [];
    rig.suspectTrust = (seen) => Promise.resolve(asked.push(seen) > 100);
    await poll(ours(), site.entry(certify(workflowOf('downstream/packages'), forger)), by(STRANGER));
    expect(asked).toEqual([NOW]);
    expect(told()).toEqual(['1 low artifact-resigned 1', '2 low artifact-resigned 1']);
  });

  it('stops telling of an artifact that many sign, says so, and goes on to tell of who imitates and of other artifacts', async () => {
    const others = Array.from({ length: 14 }, (_, place) => workflowOf(`downstream-of-${place}/packages`));
    await poll(ours(), ours('other'), ...others.slice(0, 6).map((request) => by(request)));
    await poll(...others.slice(6).map((request) => by(request)));
    const alerts = rig.alerts();
    expect(alerts).toHaveLength(11);
    expect(alerts.slice(0, 10).every(({ title }) => title.includes(' signed sha256:'))).toBe(true);
    expect(alerts[10]?.title).toContain('is signed by many others, of late by downstream-of-10/packages release.yml');
    expect(alerts[10]?.dedupeKey).toBe('identity/widget-release/artifact-resigned/crowd');
    expect(rig.verdicts()).toHaveLength(2 + 11);
    await poll(by(workflowOf('acrne/widget')), by(workflowOf('downstream-of-12/packages'), 'other'));
    expect(told().slice(11)).toEqual(['16 high artifact-resigned 1', '17 low artifact-resigned 1']);
    // Those that were told before go on to be counted.
    await poll(by(workflowOf('downstream-of-3/packages')), by(workflowOf('downstream-of-13/packages')));
    expect(rig.alerts().reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(14);
  });

  it('counts keys, which cost nothing, apart: a crowd of them silences no certificate', async () => {
    await poll(ours(), ...Array.from({ length: 13 }, () => site.entry(bareKey(), 'widget')));
    const [last] = rig.alerts().slice(10);
    expect(rig.alerts()).toHaveLength(11);
    expect(last?.dedupeKey).toBe('identity/widget-release/artifact-resigned/crowd-of-keys');
    await poll(by(STRANGER));
    expect(told().slice(11)).toEqual(['14 low artifact-resigned 1']);
  });

  it('is written down by a watch in audit mode, and told to nobody', async () => {
    rig.watches = [following({ mode: 'audit' })];
    await poll(ours(), by(STRANGER), by(workflowOf('acrne/widget')));
    expect(told()).toEqual([]);
    expect(rig.rows('SELECT watch, kind, severity, idx FROM audit_alerts ORDER BY idx')).toEqual([
      { watch: 'widget-release', kind: 'artifact-resigned', severity: 'low', idx: 1 },
      { watch: 'widget-release', kind: 'artifact-resigned', severity: 'high', idx: 2 },
    ]);
    expect(rig.verdicts()).toHaveLength(3);
  });

  it('knows what was signed before it followed, once it does', async () => {
    const plain = releaseWatch();
    rig.watches = [plain];
    rig.store.transaction(() => loadWatches(rig.store, [plain], NOW));
    await poll(ours(), ours('second'), by(releaseAt('refs/heads/hotfix'), 'by a branch'), ours(''));
    const load = (...watches: readonly Watch[]): number => {
      rig.watches = watches;
      rig.store.transaction(() => loadWatches(rig.store, watches, NOW));
      return rig.rows('SELECT * FROM followed_artifacts').length;
    };
    expect(load(following())).toBe(2);
    await poll(by(STRANGER), by(STRANGER, 'by a branch'));
    expect(rig.onlyAlert('artifact-resigned')).toMatchObject({ index: 4, occurrences: 1 });
    expect(rig.onlyAlert('artifact-resigned').summary).toContain('signed by acme/widget release.yml');
    // What was found while it did not follow is not lost either.
    expect(load(plain)).toBe(2);
    await poll(ours('third'));
    expect([load(following()), load(following())]).toEqual([3, 3]);
  });

  it('finds the same whenever the process dies', async () => {
    const leaves = [
      by(STRANGER),
      ours(),
      site.entry(bareKey()),
      by(workflowOf('acrne/widget')),
      site.entry(certify(workflowOf('acme/widget', 'refs/heads/x'), forger)),
      ...Array.from({ length: 10 }, (_, place) => by(workflowOf(`downstream-of-${place}/packages`))),
    ];
    site.append(leaves);
    const live = async (victim: number): Promise<unknown> => {
      const one = new MonitorRig();
      one.watches = [following()];
      try {
        const store = mortalStore(one.store, ({ count }) => (count === victim ? 'after' : null));
        const death: unknown = await one.poll(site.source(one.http), store).catch((error: unknown) => error);
        one.reopen();
        await one.poll(site.source(one.http));
        return {
          isDead: death instanceof Death,
          outcome: one.outcome(),
          followed: one.rows('SELECT * FROM followed_artifacts'),
          resigners: one.rows('SELECT * FROM resigners ORDER BY identity'),
        };
      } finally {
        await one.close();
      }
    };
    const undisturbed = await live(Infinity);
    for (let victim = 1; victim <= 6; victim += 1) {
      expect(await live(victim)).toEqual({ ...(undisturbed as object), isDead: true });
    }
  });

  it('tells nothing anew of an entry that is read again', async () => {
    const others = Array.from({ length: 12 }, (_, place) => workflowOf(`downstream-of-${place}/packages`));
    await poll(ours(), by(STRANGER), ...others.map((request) => by(request)));
    const found = () => {
      const { alerts = [], findings, deliveries } = rig.outcome();
      return { findings, deliveries, alerts: alerts.filter((alert) => (alert as { kind: string }).kind !== 'started') };
    };
    const before = found();
    // As when a history that was given up is read once more.
    rig.store
      .prepare(
        `UPDATE logs SET started_at_index = NULL, frontier_size = NULL, frontier = NULL, verified_size = NULL,
           verified_root = NULL, verified_note = NULL, verified_at = NULL`,
      )
      .run();
    rig.store.prepare('DELETE FROM leaf_hashes').run();
    await rig.poll(site.source(rig.http));
    expect(found()).toEqual(before);
  });
});

describe('artifacts that others sign again in another log', () => {
  it('are told of wherever ours was logged', async () => {
    const [v2, v1] = await Promise.all(BOTH.map(([, start]) => start()));
    if (v1 === undefined || v2 === undefined) {
      throw new Error('there are two logs');
    }
    try {
      site = v1;
      await poll(ours());
      v2.append([v2.entry(certify(releaseAt('refs/tags/v1'))), v2.entry(certify(STRANGER))]);
      await rig.poll(v2.source(rig.http));
      expect(rig.onlyAlert()).toMatchObject({ kind: 'artifact-resigned', log: v2.origin, index: 1 });
      expect(rig.onlyAlert().summary).toContain(`entry 0 of ${v1.origin}`);
    } finally {
      await v2.close();
    }
  });
});
