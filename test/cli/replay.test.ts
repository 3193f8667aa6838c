import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExitStatus } from '../../src/cli/io.ts';
import { replayCommand, type ReplayOptions } from '../../src/cli/replay.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadWatches } from '../../src/monitor/load-watches.ts';
import { DatabaseError } from '../../src/store/database-error.ts';
import { authority, certify, fillers, forger, NOW, releaseAt, REPOSITORY } from '../support/actors.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, releaseWatch } from '../support/monitor-rig.ts';
import { released } from '../support/releases.ts';
import { WIDGET } from '../support/stage.ts';
import { captureIo } from './captured-io.ts';

const DAY = 86_400_000;
const EVIL = 'refs/heads/evil';
/** What would clear a terminal, set its title and add a line of its own, in 64 KiB. */
const HOSTILE = `refs/heads/\u001b]0;owned\u0007\u001b[2J\u202Egnp\n[low] all is well\r\u200b${'a'.repeat(64 * 1024)}`;

let rig: MonitorRig;
let site: LogSite;
let folder: string;

beforeEach(async () => {
  rig = new MonitorRig();
  folder = mkdtempSync(join(tmpdir(), 'sigwatch-replay-'));
  writeFileSync(join(folder, 'ca.pem'), authority.chainPem());
  const [, [, start]] = BOTH as readonly [unknown, (typeof BOTH)[number]];
  site = await start();
  rig.store.transaction(() => loadWatches(rig.store, rig.watches, rig.now));
  rig.now = new Date(NOW.getTime() - 20 * DAY);
  await poll(site.entry(released({ at: rig.now })), site.entry(released({ at: rig.now, ref: EVIL })));
  rig.now = NOW;
  await poll(
    ...fillers(2),
    site.entry(released()),
    site.entry(released({ ref: EVIL })),
    site.entry(released({ ref: EVIL }), 'gadget'),
    site.entry(certify(releaseAt(EVIL), forger)),
    Buffer.from(`{"apiVersion":"9","kind":"x","spec":"${REPOSITORY}"}`),
  );
});

afterEach(async () => {
  await rig.close();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

async function poll(...leaves: readonly Buffer[]): Promise<void> {
  site.append(leaves);
  await rig.poll(site.source(rig.http));
}

interface Done {
  readonly status: ExitStatus;
  readonly out: string;
  readonly err: string;
}

async function replay(
  watches: readonly unknown[],
  options: Partial<ReplayOptions> = {},
  io: { readonly interactive?: boolean; readonly signal?: AbortSignal } = {},
): Promise<Done> {
  const file = join(folder, 'sigwatch.yaml');
  const config = {
    version: 1,
    database: rig.store.path,
    trust: { source: 'none', certificate_authorities: [{ name: 'test-ca', chain: './ca.pem' }] },
    logs: { discover: false },
    watches,
  };
  writeFileSync(file, JSON.stringify(config));
  const captured = captureIo();
  const machine = { interactive: false, env: {}, signal: new AbortController().signal, ...io };
  const status = await replayCommand(file, { since: '30d', ...options }, { ...captured, ...machine }, NOW);
  return { status, out: captured.out(), err: captured.err() };
}

const lines = ({ out }: Done): readonly unknown[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

const LIMITS =
  'Judged were only entries that a watch matched when they were read, and those that could not be read: no other is kept. ' +
  'What a wider `select` finds besides shows only when the logs are read again, into another `database`\n';

describe('sigwatch replay', () => {
  it('says that nothing changes by the same configuration, and what it told', async () => {
    const { status, out, err } = await replay([WIDGET]);
    expect(status).toBe(0);
    expect(out).toBe(
      [
        '9 entries recorded since 2026-10-22 12:00:00 UTC: of 7 judgements none changes.',
        '',
        'widget-release: of 7 judgements none changes',
        '',
        'Would alert 3 times in 30 days.',
        '',
        'widget-release: critical unexpected 1, critical unparsable 1, low forged 1',
        '  [critical] unexpected: widget-release: unexpected source_ref refs/heads/evil (and builder) signed by acme/widget release.yml',
        `    seen 3 times, 2026-11-01 12:00:00 to 2026-11-21 12:00:00 UTC, first ${site.origin}, index 1`,
        '  [critical] unparsable: widget-release: an entry that cannot be read holds acme/widget',
        `    seen once, 2026-11-21 12:00:00 UTC, first ${site.origin}, index 8`,
        '  [low] forged: widget-release: forged certificate that claims to be acme/widget release.yml',
        `    seen once, 2026-11-21 12:00:00 UTC, first ${site.origin}, index 7`,
        '',
      ].join('\n'),
    );
    expect(rig.alerts().map(({ title }) => out.includes(title))).toEqual([true, true, true]);
    expect(err).toBe(LIMITS);
  });

  it('shows each change with all that fails', async () => {
    const { out } = await replay(
      [
        { ...WIDGET, expect: { source_ref: 'refs/heads/**', trigger: 'release' } },
        { name: 'idle', select: [{ source_repository: 'acme/idle' }] },
      ],
      { since: '7d' },
    );
    expect(out.slice(0, out.indexOf('\nWould'))).toBe(
      [
        '7 entries recorded since 2026-11-14 12:00:00 UTC: of 5 judgements 1 changes.',
        '',
        'widget-release: of 5 judgements 1 changes',
        `  2026-11-21 12:00:00  ${site.origin}, index 4: expected → unexpected`,
        '    Signed by acme/widget release.yml (repository acme/widget, workflow ' +
          'acme/widget/.github/workflows/release.yml@refs/tags/v1, ref refs/tags/v1, trigger push, ' +
          'runner github-hosted, issuer https://token.actions.githubusercontent.com).',
        '    source_ref: expected refs/heads/**, found refs/tags/v1.',
        '    trigger: expected release, found push.',
        '  2 judgements stay as they are, but for other claims',
        '',
        '1 watch selects nothing of it.',
        '',
      ].join('\n'),
    );
    expect(out).toContain('\nWould alert 4 times in 7 days.\n');
  });

  it('prints one JSON object a line for each change, and nothing else', async () => {
    const done = await replay(
      [
        { name: 'refs', select: [{ source_ref: EVIL }], expect: 'none' },
        { ...WIDGET, expect: { source_ref: 'refs/heads/**' } },
      ],
      { since: '7d', json: true },
    );
    const at = { log: site.origin, signer: 0 };
    const violations = [{ claim: 'source_ref', expected: 'refs/heads/**', found: 'refs/tags/v1' }];
    expect(lines(done)).toEqual([
      { ...at, index: 4, watch: 'widget-release', before: 'expected', after: 'unexpected', violations },
      { ...at, index: 5, watch: 'refs', before: null, after: 'unexpected', violations: [] },
      { ...at, index: 5, watch: 'widget-release', before: 'unexpected', after: 'expected', violations: [] },
      { ...at, index: 6, watch: 'refs', before: null, after: 'unexpected', violations: [] },
      { ...at, index: 6, watch: 'widget-release', before: 'unexpected', after: 'expected', violations: [] },
      { ...at, index: 7, watch: 'refs', before: null, after: 'forged', violations: [] },
    ]);
    expect(Object.keys(lines(done)[0] as object)).toEqual([
      ...['log', 'index', 'watch', 'before', 'after', 'violations', 'signer'],
    ]);
    expect(done.err).toBe(`6 of 8 judgements change; alerts that would be told: 5\n${LIMITS}`);
  });

  it('is of one watch, also of one that is configured no more', async () => {
    const other = { ...WIDGET, name: 'other', mode: 'audit' };
    const { out } = await replay([other], { watch: 'widget-release', since: '7d' });
    expect(out).toContain('widget-release (not configured): of 5 judgements 5 change\n');
    expect(out).toContain(
      `index 8: unparsable → not selected\n    It cannot be read, and holds what this watch selects.`,
    );
    expect(out).toContain('Would not alert in 7 days.\n');
    const audit = await replay([other], { watch: 'other', since: '7d' });
    expect(audit.out).not.toContain('widget-release');
    expect(audit.out).toContain('Would not alert in 7 days; watches in audit mode would only write down 3 more.\n');
    expect(audit.out).toContain('other (audit: nobody is told): critical unexpected 1,');
  });

  it('ends at a time', async () => {
    const { out } = await replay([WIDGET], { until: '1d' });
    expect(out).toContain(
      '2 entries recorded from 2026-10-22 12:00:00 UTC to 2026-11-20 12:00:00 UTC: of 2 judgements none changes.\n',
    );
    expect(out).toContain('Would alert once in 29 days.\n');
  });

  it('never lets a claim reach the terminal as it is', async () => {
    await poll(site.entry(released({ ref: HOSTILE })));
    const watch = { name: 'all', select: [{ source_repository: 'acme/widget' }], expect: WIDGET.expect };
    const { out } = await replay([{ ...watch, first_seen: ['source_ref'] }]);
    expect(out).toContain('index 9: not selected → unexpected\n');
    expect(out).toContain('\\u{001B}]0;owned\\u{0007}');
    // eslint-disable-next-line no-control-regex
    expect(out).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]/);
    expect(out).not.toContain('\n[low] all is well');
    expect(Math.max(...out.split('\n').map(({ length }) => length))).toBeLessThan(1200);
    const found = lines(await replay([watch], { json: true })).map(
      (line) => (line as { violations: readonly { found: unknown }[] }).violations.at(-1)?.found,
    );
    expect(found).toContain(HOSTILE);
  });

  it('shows a hundred changes of a watch, and counts the others', async () => {
    const by = released();
    await poll(...Array.from({ length: 120 }, (_, place) => site.entry(by, `part ${place}`)));
    const { out } = await replay([{ ...WIDGET, expect: 'none' }], { since: '7d' });
    expect(out.match(/expected → unexpected/g)).toHaveLength(100);
    expect(out).toContain('  … and 21 more (--json has all)\n');
    expect(lines(await replay([{ ...WIDGET, expect: 'none' }], { since: '7d', json: true }))).toHaveLength(121);
  });

  it('writes nothing', async () => {
    const state = () =>
      ['', '-wal'].map((suffix) => {
        const path = `${rig.store.path}${suffix}`;
        return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : null;
      });
    const before = [state(), rig.outcome()];
    await replay([{ ...WIDGET, first_seen: ['run'], burst: { per: '1h', over: 1 }, cadence: '1d' }]);
    expect([state(), rig.outcome()]).toEqual(before);
  });

  it('judges another database', async () => {
    const copy = join(folder, 'copy.db');
    rig.store.db.exec(`VACUUM INTO '${copy}'`);
    rig.store.db.exec('DELETE FROM findings');
    expect((await replay([WIDGET], { database: copy })).out).toContain('of 7 judgements none changes');
    await expect(replay([WIDGET], { database: join(folder, 'none.db') })).rejects.toThrow(DatabaseError);
  });

  it('shows how far it is to who looks at a terminal', async () => {
    const { err } = await replay([WIDGET], {}, { interactive: true });
    expect(err).toContain('history: 2 of 9 entries');
    expect(err.endsWith(`\r\u001b[K${LIMITS}`)).toBe(true);
  });

  it('says that it was ended', async () => {
    const { status, out, err } = await replay([WIDGET], {}, { signal: AbortSignal.abort() });
    expect({ status, out, err }).toEqual({
      status: 3,
      out: '',
      err: 'Cannot finish the replay: it was ended before\n',
    });
  });

  it.each<readonly [Partial<ReplayOptions>, string]>([
    [{ since: 'soon' }, 'Cannot parse --since "soon": expected '],
    [{ until: '2026-02-30' }, 'Cannot parse --until "2026-02-30": expected '],
    [{ until: '31d' }, 'Cannot use --until "31d": expected a time after --since'],
    [
      { watch: 'x\u001b[2J' },
      'Cannot find --watch "x\\u{001B}[2J": expected a watch of the configuration or of the history',
    ],
  ])('ends with 2 for %j', async (options, message) => {
    const { status, out, err } = await replay([WIDGET], options);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err.startsWith(message)).toBe(true);
  });

  it('refuses a configuration that is no good', async () => {
    await expect(replay([{ ...WIDGET, expekt: {} }])).rejects.toThrow(ConfigError);
    expect(releaseWatch().name).toBe(WIDGET.name);
  });
});
