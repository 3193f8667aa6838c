import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { SignerSummary } from '../../src/alert/alert.ts';
import { checkCommand } from '../../src/cli/check.ts';
import { renderSuggestion } from '../../src/cli/render-suggestion.ts';
import { suggestCommand, type SuggestOptions } from '../../src/cli/suggest.ts';
import { loadConfig } from '../../src/config/load.ts';
import { COMPUTED_CLAIMS } from '../../src/policy/claims.ts';
import { judge } from '../../src/policy/judge.ts';
import type { SeenSigner } from '../../src/policy/seen-signer.ts';
import { suggestExpect } from '../../src/policy/suggest.ts';
import type { Verdict, Watch } from '../../src/policy/watch.ts';
import { saveFindings } from '../../src/store/findings.ts';
import type { Store } from '../../src/store/store.ts';
import { saveWatches } from '../../src/store/watches.ts';
import { createConfigFolder, type ConfigFolder } from '../config/config-folder.ts';
import { releases, seen, workflowAt } from '../policy/seen-signers.ts';
import { certified, contextOf, entryOf } from '../policy/signers.ts';
import { finding, foundEntry, LATER, NOW } from '../store/samples.ts';
import { openStore } from '../store/temp-store.ts';
import { captureIo } from './captured-io.ts';

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
});

afterAll(() => {
  folder.remove();
});

/** A store in which the watch `widget-release` has seen these, the newest first. */
function storeOf(signers: readonly SeenSigner[]): Store {
  const store = openStore();
  store.transaction(() => {
    [...signers].reverse().forEach((signer, index) => {
      const { key, ...claims } = signer.claims;
      const values = Object.entries(claims).map(([claim, list]) => [claim, list.length === 1 ? list[0] : list]);
      const fingerprint = key?.[0] ?? 'cd'.repeat(32);
      const summary = {
        type: 'certificate',
        chain: 'trusted',
        fingerprint,
        ...Object.fromEntries(values),
      } as SignerSummary;
      const { verdict, violations } = signer;
      const entry = foundEntry(index);
      saveFindings(store, entry, [finding({ signer: summary, verdict, violations })], new Date(NOW.getTime() + index));
    });
  });
  return store;
}

function run(store: Store, options: Partial<SuggestOptions> = {}) {
  const io = captureIo();
  const status = suggestCommand(store, { watch: 'widget-release', ...options }, io, LATER);
  return { status, out: io.out(), err: io.err() };
}

/** The configuration that comes of pasting a draft under a watch. */
function paste(draft: string, select = 'subject: "**"'): string {
  const block = draft.replace(/^/gm, '    ');
  return folder.write('pasted.yaml', `version: 1\nwatches:\n  - name: w\n    select: [{ ${select} }]\n${block}\n`);
}

function watchOf(draft: string): Watch {
  const [watch] = loadConfig(paste(draft), {}).watches;
  if (watch === undefined) {
    throw new Error('the draft was pasted, and is no watch');
  }
  return watch;
}

/** What a watch makes of a certificate with these claims. */
function verdictOf(watch: Watch, { claims }: Pick<SeenSigner, 'claims'>): Verdict | undefined {
  const own = Object.fromEntries(Object.entries(claims).filter(([claim]) => !COMPUTED_CLAIMS.has(claim)));
  const context = contextOf({ sctOf: () => (claims['sct']?.[0] === 'absent' ? 'absent' : 'verified') });
  return judge(entryOf(certified(own)), [watch], context)[0]?.verdict;
}

const nightly = (count: number): readonly SeenSigner[] =>
  Array.from({ length: count }, () =>
    seen({ ...workflowAt('nightly.yml', 'refs/heads/main'), trigger: ['schedule'], environment: [] }),
  );

describe('suggestCommand()', () => {
  it('prints a block to paste, with counts, reasons and what it left out', () => {
    const violations = [{ claim: 'source_ref', expected: 'refs/tags/v*', found: 'refs/heads/x' }];
    const rogue = seen(workflowAt('release.yml', 'refs/heads/x'), { verdict: 'unexpected', violations });
    const store = storeOf([...releases(12), rogue, ...nightly(9), seen({ runner: ['self-hosted'] })]);
    expect(run(store)).toEqual({
      status: 0,
      err: '',
      out: `# Drafted from 21 of the 23 signers that watch "widget-release" has seen from 2026-11-21 13:00:00 to 2026-11-21 13:00:00 UTC.
# What was signed is not what should be signed: read each line before you paste it, then run \`sigwatch check\`.
# Counts are of the 22 that were expected or observed.
expect:
  issuer: https://token.actions.githubusercontent.com  # 22 of 22
  builder:
    - acme/widget/.github/workflows/release.yml@refs/tags/v*  # 13 of 22: refs/tags/v1.12.0, refs/tags/v1.11.0, refs/tags/v1.10.0
    - acme/widget/.github/workflows/nightly.yml@refs/heads/main  # 9 of 22
  source_repository: acme/widget  # 22 of 22
  source_ref:
    - refs/tags/v*  # 13 of 22: refs/tags/v1.12.0, refs/tags/v1.11.0, refs/tags/v1.10.0
    - refs/heads/main  # 9 of 22
  workflow:
    - acme/widget/.github/workflows/release.yml@refs/tags/v*  # 13 of 22: refs/tags/v1.12.0, refs/tags/v1.11.0, refs/tags/v1.10.0
    - acme/widget/.github/workflows/nightly.yml@refs/heads/main  # 9 of 22
  trigger:
    - push  # 13 of 22
    - schedule  # 9 of 22
  runner: github-hosted  # 21 of 22
  source_repository_id: "123456"  # 22 of 22
  source_owner: acme  # 22 of 22
  source_owner_id: "654321"  # 22 of 22
  signature: [verified, not-checkable]  # not-checkable: the entry does not hold what was signed (attestations)
  signing_time: [within, unknown]  # logged while the certificate was valid; unknown: Rekor v2 keeps no time
  sct: verified  # 22 of 22
  # environment: release
  #   absent in 9 of 21, which this would not hold for (13 of 22)
# not asked for: key: each certificate has a key of its own
# not asked for: source_digest: another commit with each release
# not asked for: subject: it is the builder
# Together these lists accept more than was seen: each of 2 kinds of signers may do what only another does.
# A watch for each of them, which selects it by its builder, subject or key, keeps them apart:
#   builder acme/widget/.github/workflows/release.yml (12): source_ref refs/tags/v*; trigger push
#   builder acme/widget/.github/workflows/nightly.yml (9): source_ref refs/heads/main; trigger schedule
#   such as: select: [{ builder: acme/widget/.github/workflows/release.yml@** }]
# left out: 1 of 23, at log.example index 10 (unexpected): source_ref refs/heads/x
# left out: 1 of 23, at log.example index 0 (hardly any signer has this): runner self-hosted
`,
    });
  });

  it('prints one object for scripts', () => {
    const { status, out, err } = run(storeOf([...releases(12), seen({ runner: ['self-hosted'] })]), { json: true });
    expect([status, err, out.trimEnd().includes('\n')]).toEqual([0, '', false]);
    expect(JSON.parse(out)).toMatchObject({
      watch: 'widget-release',
      from: '2026-11-21T13:00:00.123Z',
      to: '2026-11-21T13:00:00.135Z',
      truncated: false,
      seen: 13,
      trusted: 13,
      drafted: 12,
      expect: { runner: 'github-hosted', source_ref: 'refs/tags/v*', signature: ['verified', 'not-checkable'] },
      left_out: [
        { reason: 'few', what: [{ claim: 'runner', found: 'self-hosted' }], count: 1, log: 'log.example', index: 0 },
      ],
      left_out_more: 0,
      partial: [],
      groups: [],
    });
  });

  it('passes check --strict where it is pasted', async () => {
    const file = paste(run(storeOf(releases(12))).out, 'source_repository: acme/widget');
    const io = captureIo();
    const signal = new AbortController().signal;
    await checkCommand(file, {}, { ...io, signal }, { json: false, online: false, strict: true });
    expect([io.out(), io.err()]).toEqual([`${file} is good\n`, '']);
  });

  it('looks back as far as it is asked to', () => {
    const store = storeOf(releases(5));
    expect(run(store, { since: '2026-11-21T13:00:00.125Z' }).out).toContain('from 3 of the 3 signers');
    expect(run(store, { since: '90d' }).out).toContain('from 5 of the 5 signers');
    expect(run(store, { since: 'yesterday' })).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringMatching(/--since/) as string,
    });
  });

  it('says on stderr that there is nothing to draft from, and ends with 0', () => {
    const store = openStore();
    store.transaction(() => saveWatches(store, [{ name: 'widget-release', definition: '{}' }], NOW));
    expect(run(store)).toEqual({
      status: 0,
      out: '',
      err: 'Nothing to draft from: watch "widget-release" has seen no signer\n',
    });
    expect(run(store, { since: '1h' }).err).toContain('no signer since 2026-11-21T13:00:00.456Z\n');
    expect(JSON.parse(run(store, { json: true }).out)).toMatchObject({ seen: 0, expect: null, from: null });
    const forged = run(storeOf([seen({}, { verdict: 'forged' })]));
    expect([forged.status, forged.out]).toEqual([0, '']);
    expect(forged.err).toMatch(
      /^Nothing to draft from: of 1 signer that .* none was expected or observed\n# left out: 1 of 1, at log/,
    );
  });

  it('refuses a watch that was never in force, and names the nearest', () => {
    const store = storeOf(releases(1));
    store.transaction(() => saveWatches(store, [{ name: 'other', definition: '{}' }], NOW));
    expect(run(store, { watch: 'widget-relaese' })).toEqual({
      status: 2,
      out: '',
      err: 'Cannot find --watch "widget-relaese"; did you mean "widget-release"?; expected one of: other, widget-release\n',
    });
    expect(run(openStore(), { watch: '\u001b[2J' }).err).toBe(
      'Cannot find --watch "\\u{001B}[2J"; there is no watch that a daemon has loaded\n',
    );
  });

  it('does not learn from those who only signed what the watch follows', () => {
    const store = storeOf(releases(3));
    const resigned = finding({ verdict: 'observed', resigned: `sha256:${'ab'.repeat(32)}` });
    saveFindings(store, foundEntry(99), [resigned], LATER);
    expect(run(store).out).toContain('from 3 of the 3 signers');
  });

  it('reads page by page', () => {
    expect(run(storeOf(releases(1203))).out).toContain('from 1203 of the 1203 signers');
  });
});

/** Values such as a signer may choose, to break out of a value or a comment. */
const hostile = fc.oneof(
  fc.constantFrom(
    '*',
    '**',
    'a\nexpect: none',
    '# x',
    "it's",
    '"',
    'a: b',
    '[x]',
    '{ not: x }',
    '- ',
    'null',
    '12',
    '\u202e',
  ),
  fc.constantFrom('!!str x', '&a', '*a', '@x', '`', '%', '|', '>', '?', ' ', '', 'a\tb', '\\', '<<', '---', '...'),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
);

const ref = fc.oneof(
  fc.tuple(fc.constantFrom('v', 'cli/v', '', 'x-'), fc.nat(20), fc.constantFrom('', '/a', '-rc.1')).map(([a, n, b]) => `refs/tags/${a}${n}${b}`), // prettier-ignore
  fc.constantFrom('refs/heads/main', 'refs/heads/release-1.x', 'refs/pull/7/merge', 'refs/tags/nightly'),
);

const signer: fc.Arbitrary<SeenSigner> = fc
  .record({
    ref,
    file: fc.constantFrom('release.yml', 'nightly.yml', 'a*b.yml'),
    trigger: fc.constantFrom('push', 'schedule'),
    environment: fc.oneof(
      { weight: 3, arbitrary: fc.constant(['release']) },
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: hostile.map((value) => [value]) },
    ),
    further: fc.oneof(
      fc.constant({}),
      hostile.map((value) => ({ 'oid:1.2.3': [value] })),
    ),
    sct: fc.constantFrom('verified', 'verified', 'absent'),
    isOld: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
    verdict: fc.constantFrom<Verdict>('expected', 'observed', 'observed', 'unexpected', 'forged', 'unverifiable'),
  })
  .map(({ ref: at, file, trigger, environment, further, sct, isOld, verdict }) => {
    const claims = { ...workflowAt(file, at), trigger: [trigger], environment, ...further, sct: [sct] };
    const former = isOld ? { builder: [], source_ref: [], workflow: [], source_repository: [], runner: [] } : {};
    return seen({ ...claims, ...former }, { verdict });
  });

/** Histories in which a few signers make most entries, as it is. */
const history: fc.Arbitrary<readonly SeenSigner[]> = fc
  .array(fc.tuple(signer, fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 }))), { minLength: 1, maxLength: 12 })
  .chain((kinds) =>
    fc.shuffledSubarray(
      kinds.flatMap(([one, count]) => Array.from({ length: count }, () => one)),
      { minLength: 1 },
    ),
  );

const ROGUE = 'refs/heads/x';

describe('a draft, whatever was signed', () => {
  const scope = { watch: 'w\n# x', from: NOW, to: LATER, isCut: false };

  it('loads, expects every signer of which it was made, and no rogue branch', () => {
    fc.assert(
      fc.property(history, (signers) => {
        const suggestion = suggestExpect(signers);
        const text = renderSuggestion(suggestion, scope);
        if (suggestion.drafted === 0) {
          return;
        }
        const watch = watchOf(text);
        const trusted = signers.filter(({ verdict }) => verdict === 'expected' || verdict === 'observed');
        const expected = trusted.filter((one) => verdictOf(watch, one) === 'expected');
        expect(expected.length).toBeGreaterThanOrEqual(suggestion.drafted);
        const rogues = trusted.map((one) => ({
          claims: Object.fromEntries(
            Object.entries(one.claims).map(([claim, values]) => [
              claim,
              values.map((value) => value.replace(/(^|@)refs\/.*$/, `$1${ROGUE}`)),
            ]),
          ),
        }));
        expect(rogues.filter((one) => verdictOf(watch, one) === 'expected')).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('holds no text of a log outside of a value or a comment', () => {
    fc.assert(
      fc.property(history, (signers) => {
        const suggestion = suggestExpect(signers);
        const text = renderSuggestion(suggestion, scope);
        expect(text).not.toMatch(/[^\n\P{C}]/u);
        const claims = suggestion.claims.map(({ claim }) => claim);
        const block: unknown = parse(text);
        expect(Object.keys(block as object)).toEqual(['expect']);
        expect(Object.keys((block as { expect: object | null }).expect ?? {}).sort()).toEqual(claims.sort());
      }),
      { numRuns: 150 },
    );
  });
});
