import { describe, expect, it } from 'vitest';
import { GITHUB } from '../support/actors.ts';
import { useAttackStage } from '../support/attack-bench.ts';
import { BOTH } from '../support/log-sites.ts';
import { BRANCHES, branchesWatch, releasedAt } from '../support/scenes/branches.ts';
import { BURSTS, COUNTED } from '../support/scenes/bursts.ts';
import { SILENT } from '../support/operator.ts';
import { playScene } from '../support/scenes/scene.ts';
import { until } from '../support/until.ts';

// Rows 1 and 2 of what must be caught: our own repository and workflow sign, in somebody else's hands.

describe.each(BOTH)('our pipeline, in a %s log', (_, start) => {
  const at = useAttackStage(start);

  it('is told where it ran on a branch that nobody listed, with what was expected and what was found', async () => {
    await playScene(at.stage, BRANCHES);
    const alerts = await at.stage.alerts();
    expect(alerts.map(({ violations }) => violations.map(({ claim, found }) => [claim, found]))).toEqual(
      ['snapshot-1a2b3c', 'snapshot-4d5e6f'].map((branch) => [
        ['builder', `${GITHUB}/acme/branches/.github/workflows/release.yml@refs/heads/${branch}`],
        ['source_ref', `refs/heads/${branch}`],
      ]),
    );
    for (const { id, title } of alerts) {
      expect(at.stage.slack.texts().filter((text) => text.includes(id) && text.includes(title))).toHaveLength(1);
      expect(at.stage.mail.mails().filter(({ text }) => text.includes(id) && text.includes(title))).toHaveLength(1);
    }
    expect((await at.stage.verdicts()).filter((line) => !line.endsWith(' expected'))).toEqual(
      // Each run signs twice.
      [12, 13, 14, 15, 18, 19].map((index) => `${index} branches unexpected`),
    );
  });

  it('is silent about a default branch that was renamed, once it is listed', async () => {
    const { stage } = at;
    const told = 'critical unexpected branches builder,source_ref';
    stage.configure(branchesWatch('master'));
    stage.site.append([...releasedAt('refs/heads/master', stage.site), ...releasedAt('refs/heads/main', stage.site)]);
    expect(await stage.run()).toEqual({ exit: 1, alerts: [`${told} x2`], slack: [told], mail: [told] });
    stage.configure(branchesWatch('master', 'main'));
    stage.site.append([...releasedAt('refs/heads/main', stage.site), ...releasedAt('refs/heads/master', stage.site)]);
    expect(await stage.run()).toEqual({ ...SILENT, alerts: [`${told} x2`] });
  });

  it('is told by a daemon at the first poll after it signed', async () => {
    const { stage } = at;
    // It lives for seconds: there is no second poll.
    stage.configure(BRANCHES.watches, { poll_interval: '1h' });
    stage.site.append(releasedAt('refs/tags/v1.0.0', stage.site));
    expect(await stage.run()).toEqual(SILENT);
    stage.site.append(releasedAt('refs/heads/snapshot-1a2b3c', stage.site));
    const end = new AbortController();
    const daemon = stage.cli(['run'], end.signal);
    const names = (text: string): boolean => text.includes('snapshot-1a2b3c');
    await until(
      'it is told',
      () => stage.slack.texts().some(names) && stage.mail.mails().some((one) => names(one.text)),
    );
    end.abort();
    expect((await daemon).status).toBe(0);
    const told = 'critical unexpected branches builder,source_ref';
    expect(await stage.look()).toEqual({ alerts: [`${told} x2`], slack: [told], mail: [told] });
  });

  it('is told once where it signs more than it ever did, and that identity holds', async () => {
    await playScene(at.stage, BURSTS);
    const [router, slow] = await at.stage.alerts();
    const said = 'Identity holds: each of these entries is what this watch expects';
    for (const [alert, kind, usual] of [
      [router, 'burst of 11 entries within 10 minutes', 'at most 4 in such a time'],
      [slow, 'burst of 11 entries by one run', 'at most 3 of one run'],
    ] as const) {
      expect(alert).toMatchObject({ class: 'identity', kind: 'burst', violations: [] });
      expect(alert?.title).toContain(kind);
      expect(alert?.summary).toContain(said);
      expect(alert?.summary).toContain(usual);
      expect(at.stage.slack.texts().filter((text) => text.includes(alert?.id ?? '?'))).toEqual([
        expect.stringContaining(said) as string,
      ]);
    }
    // Nothing is wrong with any of them.
    expect((await at.stage.verdicts()).filter((line) => !line.endsWith(' expected'))).toEqual([]);
    expect(await at.stage.verdicts('router')).toHaveLength(21 + 84 + 2 + 4);
  }, 120_000);

  it('is told once where it signs more than it may', async () => {
    await playScene(at.stage, COUNTED);
  });
});
