import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followed } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { listAlerts } from '../../src/store/alerts.ts';
import {
  certify,
  fillers,
  fingerprintOf,
  forger,
  NOW,
  releaseAt,
  releaseSummary,
  REPOSITORY,
  STRANGER,
  WORKFLOW,
} from '../support/actors.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, releaseWatch, rule } from '../support/monitor-rig.ts';

const RELEASE = 'refs/tags/v1.4.0';
const BRANCH = 'refs/heads/hotfix';

let rig: MonitorRig;
let site: LogSite;

beforeEach(() => {
  rig = new MonitorRig();
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

const poll = () => rig.poll(site.source(rig.http));

describe.each(BOTH)('pass() over a %s log', (type, start) => {
  beforeEach(async () => {
    site = await start();
  });

  it('reads everything up to the signed checkpoint and says how far', async () => {
    site.append(fillers(25));
    expect(await poll()).toEqual([{ kind: 'verified', size: 25 }]);
    expect(rig.log(site.origin)).toEqual({
      name: site.source(rig.http).name,
      origin: site.origin,
      type,
      url: site.url,
      state: 'verified',
      verified_size: 25,
      verified_root: site.root.toString('hex'),
      verified_at: NOW.toISOString(),
      seen_size: 25,
      lag: 0,
      started_at_index: 0,
      examined_size: 25,
      last_error: null,
      alive_at: NOW.toISOString(),
      witnesses: [],
      also: [],
      kinds: { filler: 25 },
      rate: null,
      growth: null,
      behind_since: null,
    });
  });

  it('verifies a log without entries', async () => {
    expect(await poll()).toEqual([{ kind: 'verified', size: 0 }]);
    expect(rig.log(site.origin)).toMatchObject({ state: 'verified', verified_size: 0, started_at_index: 0 });
  });

  it('says once that it began, in an alert that is born closed', async () => {
    site.append(fillers(3));
    await poll();
    const told = listAlerts(rig.store);
    rig.reopen();
    await poll();
    site.append(fillers(1, 3));
    await poll();
    expect(listAlerts(rig.store)).toEqual(told);
    expect(told).toEqual([
      {
        id: expect.any(String) as string,
        class: 'operational',
        kind: 'started',
        severity: 'low',
        state: 'closed',
        watch: null,
        title: `${site.origin}: watching, verified to size 3`,
        summary: expect.stringContaining('The first checkpoint of this log is verified: size 3, root ') as string,
        log: site.origin,
        index: null,
        lastIndex: null,
        violations: [],
        signer: null,
        artifacts: [],
        dedupeKey: `operational/started/${site.origin}`,
        links: { entry: null, run: null, commit: null },
        occurrences: 1,
        firstSeen: NOW,
        lastSeen: NOW,
      },
    ]);
    expect(rig.rows('SELECT channel, event, group_key FROM deliveries')).toEqual([
      { channel: 'security', event: 'opened', group_key: 'operational' },
    ]);
  });

  it('follows a log that grows, and keeps every checkpoint', async () => {
    for (const growth of [4, 0, 1, 30, 7]) {
      site.append(fillers(growth, site.size));
      expect(await poll()).toEqual([{ kind: 'verified', size: site.size }]);
    }
    expect(rig.checkpointSizes()).toEqual([4, 5, 35, 42]);
    expect(rig.log(site.origin)).toMatchObject({
      verified_size: 42,
      verified_root: site.root.toString('hex'),
      kinds: { filler: 42 },
    });
  });

  it('tells of a signer that is not the expected one, with all that is known of it', async () => {
    const attacker = certify(releaseAt(BRANCH));
    site.append([...fillers(12), site.entry(attacker), ...fillers(4, 12)]);
    await poll();
    expect(rig.onlyAlert()).toEqual({
      id: expect.any(String) as string,
      class: 'identity',
      kind: 'unexpected',
      severity: 'critical',
      state: 'open',
      watch: 'widget-release',
      title: `widget-release: unexpected source_ref ${BRANCH} (and builder) signed by acme/widget release.yml`,
      summary: [
        `Signed by acme/widget release.yml (repository acme/widget, workflow acme/widget/.github/workflows/release.yml@${BRANCH}, ref ${BRANCH}, trigger push, runner github-hosted, issuer https://token.actions.githubusercontent.com).`,
        `builder: expected acme/widget/.github/workflows/release.yml@refs/tags/v*, found acme/widget/.github/workflows/release.yml@${BRANCH}.`,
        `source_ref: expected refs/tags/v*, found ${BRANCH}.`,
        'What to do now: find out who ran this and whether it was meant. If not, treat what was signed as compromised: stop its distribution, close the way in, rotate what the run could reach. If it was meant, add it to the watch.',
      ].join('\n'),
      log: site.origin,
      index: 12,
      lastIndex: 12,
      violations: [
        {
          claim: 'builder',
          expected: 'acme/widget/.github/workflows/release.yml@refs/tags/v*',
          found: `${WORKFLOW}@${BRANCH}`,
        },
        { claim: 'source_ref', expected: 'refs/tags/v*', found: BRANCH },
      ],
      signer: {
        ...releaseSummary(BRANCH, attacker),
        signature: 'verified',
        // The fake log of that type signs a time of its own.
        signing_time: type === 'rekor-v1' ? 'outside' : 'unknown',
        sct: 'absent',
      },
      artifacts: [`sha256:${sha256(Buffer.from('widget')).toString('hex')}`],
      dedupeKey: expect.stringMatching(/^identity\/widget-release\/unexpected\/[0-9a-f]{64}$/) as string,
      links: {
        entry: null,
        run: `${REPOSITORY}/actions/runs/4711/attempts/1`,
        commit: `${REPOSITORY}/commit/0123456789abcdef0123456789abcdef01234567`,
      },
      evidence: expect.objectContaining({ kind: 'inclusion', log: site.origin, type: site.type }) as object,
      notify: null,
      occurrences: 1,
      firstSeen: NOW,
      lastSeen: NOW,
    });
    expect(rig.verdicts()).toEqual(['12 widget-release unexpected']);
    expect(
      rig.rows(`SELECT d.channel, d.event, d.group_key, d.not_before FROM deliveries AS d JOIN alerts AS a ON a.id = d.alert
                WHERE a.kind = 'unexpected'`),
    ).toEqual([
      {
        channel: 'security',
        event: 'opened',
        group_key: 'identity/widget-release',
        not_before: NOW.getTime() + 30_000,
      },
    ]);
  });

  it('counts the same attack again, of another run, in the same alert', async () => {
    site.append([site.entry(certify(releaseAt(BRANCH)), 'first')]);
    await poll();
    const first = rig.onlyAlert();
    rig.now = new Date(NOW.getTime() + 60_000);
    const again = {
      ...releaseAt(BRANCH),
      claims: { ...releaseAt(BRANCH).claims, run: `${REPOSITORY}/actions/runs/4712/attempts/1` },
    };
    site.append([site.entry(certify(again), 'second')]);
    await poll();
    expect(rig.onlyAlert()).toEqual({ ...first, occurrences: 2, lastIndex: 1, lastSeen: rig.now });
    expect(rig.verdicts()).toEqual(['0 widget-release unexpected', '1 widget-release unexpected']);
    expect(rig.rows(`SELECT alert FROM deliveries WHERE group_key LIKE 'identity/%'`)).toEqual([{ alert: first.id }]);
  });

  it('tells quietly of a certificate that nobody trusted issued', async () => {
    const liar = certify(releaseAt(RELEASE), forger);
    site.append([site.entry(liar)]);
    await poll();
    expect(rig.onlyAlert()).toMatchObject({
      class: 'identity',
      kind: 'forged',
      severity: 'low',
      state: 'open',
      title: 'widget-release: forged certificate that claims to be acme/widget release.yml',
      index: 0,
      violations: [],
      signer: releaseSummary(RELEASE, liar, 'untrusted'),
      dedupeKey: 'identity/widget-release/forged',
      links: { entry: null, run: null, commit: null },
      occurrences: 1,
    });
    expect(rig.verdicts()).toEqual(['0 widget-release forged']);
  });

  it('records the expected signer, and tells nobody', async () => {
    const release = certify(releaseAt(RELEASE));
    site.append([...fillers(3), site.entry(release)]);
    await poll();
    expect(rig.alerts()).toEqual([]);
    expect(rig.rows('SELECT "index", kind, watch, verdict, violations, alert, fingerprint FROM v_history')).toEqual([
      {
        index: 3,
        kind: 'hashedrekord',
        watch: 'widget-release',
        verdict: 'expected',
        violations: '[]',
        alert: null,
        fingerprint: fingerprintOf(release),
      },
    ]);
  });

  it('records what a watch only observes, and says nothing of strangers', async () => {
    rig.watches = [releaseWatch({ name: 'observer', expect: null })];
    site.append([site.entry(certify(STRANGER)), site.entry(certify(releaseAt(BRANCH))), ...fillers(2)]);
    await poll();
    expect(rig.alerts()).toEqual([]);
    expect(rig.verdicts()).toEqual(['1 observer observed']);
    expect(rig.log(site.origin).kinds).toEqual({ filler: 2, hashedrekord: 2 });
  });

  it('records in audit mode what it would have told', async () => {
    rig.watches = [releaseWatch({ mode: 'audit' })];
    site.append([site.entry(certify(releaseAt(BRANCH))), site.entry(certify(releaseAt(BRANCH), forger))]);
    await poll();
    expect(rig.verdicts()).toEqual(['0 widget-release unexpected', '1 widget-release forged']);
    expect(rig.alerts()).toEqual([]);
    expect(rig.rows(`SELECT * FROM deliveries WHERE group_key <> 'operational'`)).toEqual([]);
  });

  it('judges each signer of an entry, and each watch, alone', async () => {
    const [release, branch, stranger] = [releaseAt(RELEASE), releaseAt(BRANCH), STRANGER].map((request) =>
      certify(request),
    );
    rig.watches = [
      releaseWatch(),
      releaseWatch({
        name: 'google',
        select: [[rule('issuer', 'https://accounts.google.com')]],
        expect: 'none',
        severity: 'medium',
      }),
    ];
    site.append([site.envelope([release, branch, stranger].flatMap((signer) => signer ?? []))]);
    await poll();
    expect(
      rig.rows(`SELECT signer_position AS signer, watch, verdict FROM findings ORDER BY signer_position, watch`),
    ).toEqual([
      { signer: 0, watch: 'widget-release', verdict: 'expected' },
      { signer: 1, watch: 'widget-release', verdict: 'unexpected' },
      { signer: 2, watch: 'google', verdict: 'unexpected' },
    ]);
    expect(rig.alerts()).toMatchObject([
      { kind: 'unexpected', watch: 'widget-release', severity: 'critical' },
      { kind: 'unexpected', watch: 'google', severity: 'medium', violations: [] },
    ]);
  });

  it('keeps an entry that cannot be decoded, and goes on', async () => {
    const poison = Buffer.from('{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"signature":7}}');
    site.append([...fillers(2), poison, Buffer.from('no JSON'), site.entry(certify(releaseAt(RELEASE)))]);
    expect(await poll()).toEqual([{ kind: 'verified', size: 5 }]);
    expect(rig.rows('SELECT log, idx, kind, body FROM unparsable WHERE unread = 0 ORDER BY idx')).toEqual([
      { log: site.origin, idx: 2, kind: 'hashedrekord', body: poison },
      { log: site.origin, idx: 3, kind: null, body: Buffer.from('no JSON') },
    ]);
    expect(rig.verdicts()).toEqual(['4 widget-release expected']);
    expect(rig.log(site.origin).kinds).toEqual({ filler: 2, hashedrekord: 1, unparsable: 2 });
    expect(rig.messages().filter((message) => message === 'entry unparsable')).toHaveLength(2);
  });

  it('survives whatever a leaf can hold', async () => {
    const name = (kind: string) => Buffer.from(`{"apiVersion":"0.0.1","kind":${kind},"spec":{}}`);
    const leaves = [
      Buffer.alloc(0),
      Buffer.from([0xff, 0xfe, 0x00]),
      Buffer.from('null'),
      Buffer.from('['.repeat(50_000)),
      ...['"\\u0000"', '"\\ud800"', '"\\udfff\\u202e"', '"__proto__"', '"constructor"', '"<!channel>"', '17', '""'].map(
        name,
      ),
      name(`"${'k'.repeat(65)}"`),
      site.entry(certify({ ...releaseAt(RELEASE), subject: 'x'.repeat(20_000) })),
      site.entry(certify(releaseAt('refs/tags/v1\u0000\u001b[31m\u202e<!channel>=cmd()'))),
    ];
    site.append(leaves);
    expect(await poll()).toEqual([{ kind: 'verified', size: leaves.length }]);
    const counted = Object.values(rig.log(site.origin).kinds).reduce((sum, count) => sum + count, 0);
    expect(counted).toBe(leaves.length);
    expect(rig.verdicts().slice(-1)).toEqual([`${leaves.length - 1} widget-release expected`]);
  });

  it('tells nothing of an older checkpoint that is part of the same tree', async () => {
    for (const size of [8, 13]) {
      site.append(fillers(size - site.size, site.size));
      await poll();
    }
    const before = rig.outcome();
    site.serveOldCheckpoint(8);
    expect(await poll()).toEqual([{ kind: 'verified', size: 13 }]);
    expect(rig.outcome()).toEqual(before);
    site.heal();
    site.append(fillers(3, 13));
    expect(await poll()).toEqual([{ kind: 'verified', size: 16 }]);
  });

  it('is verified again by an older checkpoint after a failure', async () => {
    for (const size of [8, 16]) {
      site.append(fillers(size - site.size, site.size));
      await poll();
    }
    site.answer('checkpoint', { status: 500, body: '' });
    await poll();
    expect(rig.log(site.origin)).toMatchObject({ state: 'unreachable', verified_size: 16 });
    site.heal();
    site.serveOldCheckpoint(8);
    expect(await poll()).toEqual([{ kind: 'verified', size: 16 }]);
    expect(rig.log(site.origin)).toMatchObject({ state: 'verified', verified_size: 16, last_error: null });
  });

  it('shows how far it came', async () => {
    site.append(fillers(23));
    await poll();
    expect(rig.progress.at(-1)).toEqual({ log: site.origin, size: 23, target: 23 });
    expect(rig.progress.every(({ log, target }) => log === site.origin && target === 23)).toBe(true);
  });

  it('logs one line an event', async () => {
    site.append([...fillers(1), site.entry(certify(releaseAt(BRANCH)))]);
    await poll();
    expect(rig.lines).toEqual([
      { level: 30, log: site.origin, start: 0, size: 2, msg: 'joined' },
      { level: 30, log: site.origin, index: 1, watch: 'widget-release', verdict: 'unexpected', msg: 'entry judged' },
      { level: 30, log: site.origin, size: 2, root: site.root.toString('hex'), msg: 'verified' },
    ]);
  });

  it('changes nothing when the program is about to end', async () => {
    site.append(fillers(3));
    await poll();
    site.append(fillers(3, 3));
    const before = rig.outcome();
    const outcomes = await passOverSource(followed(site.source(rig.http)), rig.deps(), AbortSignal.abort());
    expect(outcomes).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    expect(rig.outcome()).toEqual(before);
  });
});
