import { describe, expect, it } from 'vitest';
import { historyCommand, type HistoryOptions } from '../../src/cli/history.ts';
import { signerSentence } from '../../src/alert/describe-signer.ts';
import type { SignerSummary } from '../../src/alert/alert.ts';
import { NOBODY } from '../../src/alert/unparsable-alert.ts';
import { saveFindings } from '../../src/store/findings.ts';
import { readHistory } from '../../src/store/history.ts';
import type { Store } from '../../src/store/store.ts';
import { finding, foundEntry, LATER, LOG, NOW, registerSource } from '../store/samples.ts';
import { openStore } from '../store/temp-store.ts';
import { captureIo } from './captured-io.ts';

const HEX = 'ab'.repeat(32);
const KEY = 'ef'.repeat(32);
const MAIL: SignerSummary = {
  type: 'certificate',
  chain: 'untrusted',
  fingerprint: KEY,
  issuer: 'https://accounts.example',
  subject: ['a@acme.example', 'b@acme.example'],
};
const HOSTILE: SignerSummary = {
  type: 'certificate',
  chain: 'trusted',
  fingerprint: KEY,
  issuer: '\u001b[2J',
  subject: ['a\nb', '\u202e'],
  source_repository: '=cmd("x",1)',
  source_ref: 'a "quoted", ref',
  trigger: '+1',
  run: '\t@x',
  workflow: '-1',
};

/** Index 1: release, expected. 2: a mail address, forged. 3: the release of a tag that was not expected. */
function filled(): Store {
  const store = openStore();
  registerSource(store, 'acme', [LOG]);
  saveFindings(store, foundEntry(1), [finding()], NOW);
  saveFindings(store, foundEntry(2, { artifacts: [] }), [finding({ verdict: 'forged', signer: MAIL })], NOW);
  const violations = [{ claim: 'source_ref', expected: ['refs/tags/v*', 'refs/tags/w*'], found: 'refs/heads/main' }];
  const signer = { ...finding().signer, source_ref: 'refs/heads/main' };
  saveFindings(
    store,
    foundEntry(3),
    [finding({ verdict: 'unexpected', violations, signer, alert: 'alert-1', watch: 'other' })],
    LATER,
  );
  return store;
}

function run(store: Store, options: HistoryOptions) {
  const io = captureIo();
  const status = historyCommand(store, options, io, LATER);
  return { status, out: io.out(), err: io.err() };
}

function indexes(store: Store, options: HistoryOptions): readonly number[] {
  const lines = run(store, { ...options, json: true })
    .out.trimEnd()
    .split('\n');
  return lines.filter((line) => line !== '').map((line) => (JSON.parse(line) as { index: number }).index);
}

describe('historyCommand()', () => {
  it('tells people what happened, who did it, what did not hold and where to find it', () => {
    expect(run(filled(), {})).toEqual({
      status: 0,
      out: [
        '2026-11-21 14:00:00  unexpected    other',
        `  ${signerSentence({ ...finding().signer, source_ref: 'refs/heads/main' })}`,
        '  source_ref: expected refs/tags/v* or refs/tags/w*, found refs/heads/main.',
        '  log.example, index 3 (hashedrekord 0.0.2), alert alert-1',
        '2026-11-21 13:00:00  forged        widget-release',
        `  ${signerSentence(MAIL)} Its certificate chain is untrusted.`,
        '  log.example, index 2 (hashedrekord 0.0.2)',
        '2026-11-21 13:00:00  expected      widget-release',
        `  ${signerSentence(finding().signer)}`,
        '  log.example, index 1 (hashedrekord 0.0.2)',
        '',
      ].join('\n'),
      err: '',
    });
  });

  it('prints JSON, one finding a line, as it is stored', () => {
    const store = filled();
    const lines = [...readHistory(store, {})].map((line) => `${JSON.stringify(line)}\n`);
    expect(run(store, { json: true })).toEqual({ status: 0, out: lines.join(''), err: '' });
  });

  it('prints CSV with a column for each claim', () => {
    const store = openStore();
    const violations = [{ claim: 'subject', expected: 'x', found: ['y'] }];
    saveFindings(store, foundEntry(2, { globalIndex: 5 }), [finding({ violations, signer: MAIL })], NOW);
    const { leafHash } = foundEntry(2);
    expect(run(store, { csv: true }).out.split('\r\n')).toEqual([
      'log,index,global_index,uuid,kind,api_version,integrated_time,observed_at,leaf_hash,watch,verdict,violations,type,' +
        'chain,fingerprint,issuer,subject,builder,builder_digest,runner,source_repository,source_digest,source_ref,' +
        'source_repository_id,source_owner,source_owner_id,workflow,workflow_digest,trigger,run,visibility,environment,' +
        'token_subject,key_subject,slsa_builder,build_type,source_uri,source_sha,subject_name,predicate_type,signature,' +
        'signing_time,sct,problem,artifacts,alert,resigned',
      `${LOG},2,5,,hashedrekord,0.0.2,,2026-11-21T13:00:00.123Z,${leafHash.toString('hex')},widget-release,expected,` +
        `"[{""claim"":""subject"",""expected"":""x"",""found"":[""y""]}]",certificate,untrusted,${KEY},` +
        `https://accounts.example,"[""a@acme.example"",""b@acme.example""]",${','.repeat(27)}"[""sha256:${HEX}""]",,`,
      '',
    ]);
  });

  it('says of whom the watch does not select what they signed that it follows', () => {
    const store = openStore();
    saveFindings(
      store,
      foundEntry(2),
      [finding({ verdict: 'observed', signer: MAIL, resigned: `sha256:${HEX}` })],
      NOW,
    );
    expect(run(store, {}).out).toContain(`Not selected by this watch: signed sha256:${HEX}, which it follows.`);
    expect(JSON.parse(run(store, { json: true }).out)).toMatchObject({
      verdict: 'observed',
      resigned: `sha256:${HEX}`,
    });
  });

  it('tells of entries that cannot be read, and finds them by their verdict', () => {
    const store = filled();
    const unparsable = { verdict: 'unparsable', signer: NOBODY, signerPosition: -1, alert: 'alert-2' } as const;
    saveFindings(store, foundEntry(4, { kind: 'unknown', apiVersion: '' }), [finding(unparsable)], LATER);
    expect(indexes(store, { verdict: 'unparsable' })).toEqual([4]);
    expect(run(store, { verdict: 'unparsable' }).out).toBe(
      [
        '2026-11-21 14:00:00  unparsable    widget-release',
        '  It cannot be read, and holds what this watch selects.',
        '  log.example, index 4 (unknown), alert alert-2',
        '',
      ].join('\n'),
    );
    const [line = ''] = run(store, { verdict: 'unparsable', json: true }).out.split('\n');
    expect(JSON.parse(line)).toMatchObject({
      verdict: 'unparsable',
      violations: [],
      signer: { type: 'none', chain: null, fingerprint: null },
      alert: 'alert-2',
    });
    const [, row] = run(store, { verdict: 'unparsable', csv: true }).out.split('\r\n');
    expect(row).toMatch(/,widget-release,unparsable,\[\],none,,,+"\[""sha256:[0-9a-f]{64}""\]",alert-2,$/);
  });

  it('shows the standing of a signer and what is written wrongly in CSV', () => {
    const store = openStore();
    const known = { signature: 'verified', signing_time: 'within', sct: 'absent', problem: { issuer: 'twice' } };
    saveFindings(store, foundEntry(2), [finding({ signer: { ...MAIL, ...known } })], NOW);
    const [, row] = run(store, { csv: true }).out.split('\r\n');
    expect(row).toContain(',verified,within,absent,"{""issuer"":""twice""}",');
  });

  it('prints nothing hostile as it is, in no format', () => {
    const store = openStore();
    saveFindings(store, foundEntry(1), [finding({ signer: HOSTILE, watch: 'w' })], NOW);
    const { out: csv } = run(store, { csv: true });
    const { out: json } = run(store, { json: true });
    const { out: text } = run(store, {});
    expect([csv.replaceAll('\r\n', ''), json.trimEnd(), text.replaceAll('\n', '')].join('')).toMatch(
      /^[\x20-\x7e…–]*$/,
    );
    expect(text.split('\n')).toHaveLength(4);
    expect(csv.split('\r\n')).toHaveLength(3);
    expect(csv).toContain(
      String.raw`,\u{001B}[2J,"[""a\nb"",""\u202e""]",,,,"'=cmd(""x"",1)",,"a ""quoted"", ref",,,,'-1,,'+1,'\u{0009}@x,`,
    );
    expect((JSON.parse(json) as { signer: unknown }).signer).toEqual(HOSTILE);
  });

  it.each<[string, HistoryOptions, readonly number[]]>([
    ['nothing', {}, [3, 2, 1]],
    ['--watch', { watch: 'other' }, [3]],
    ['--verdict', { verdict: 'forged' }, [2]],
    ['--log with an origin', { log: LOG }, [3, 2, 1]],
    ['--log with a name', { log: 'acme' }, [3, 2, 1]],
    ['--since with a duration', { since: '30m' }, [3]],
    ['--since with a time', { since: '2026-11-21T14:00:00+00:00' }, [3]],
    ['--since with a date', { since: '2026-11-21' }, [3, 2, 1]],
    ['--until with a duration', { until: '30m' }, [2, 1]],
    ['--until with a time', { until: '2026-11-21T13:00:00.123Z' }, []],
    ['--repo in short', { repo: 'ACME/widget' }, [3, 1]],
    ['--repo with a pattern', { repo: 'acme/*' }, [3, 1]],
    ['--repo of others', { repo: 'acme/gadget' }, []],
    ['--ref', { ref: 'refs/heads/**' }, [3]],
    ['--builder', { builder: 'acme/widget/.github/workflows/release.yml@refs/tags/v*' }, [3, 1]],
    ['--issuer', { issuer: 'https://accounts.example' }, [2]],
    ['--subject, which any subject meets', { subject: 'b@*' }, [2]],
    ['--artifact', { artifact: `sha256:${HEX}` }, [3, 1]],
    ['--artifact without its algorithm', { artifact: HEX.toUpperCase() }, [3, 1]],
    ['--key', { key: KEY.toUpperCase() }, [2]],
    ['--key with the colons of openssl', { key: KEY.replace(/..(?=.)/g, '$&:') }, [2]],
    ['several', { repo: 'acme/widget', verdict: 'expected' }, [1]],
    ['--limit', { limit: '2' }, [3, 2]],
    ['--limit 0', { limit: '0' }, [3, 2, 1]],
  ])('filters by %s', (_, options, expected) => {
    expect(indexes(filled(), options)).toEqual(expected);
  });

  it('shows a hundred unless told otherwise, and says that there is more', () => {
    const store = openStore();
    for (let index = 0; index < 101; index += 1) {
      saveFindings(store, foundEntry(index), [finding()], NOW);
    }
    const more = 'There is more: these are the newest 100 (--limit 0 shows all)\n';
    expect([indexes(store, {}).length, run(store, {}).err]).toEqual([100, more]);
    expect([indexes(store, { limit: '0' }).length, run(store, { limit: '101' }).err]).toEqual([101, '']);
  });

  it('says when nothing fits', () => {
    expect(run(filled(), { watch: 'typo' })).toEqual({ status: 0, out: '', err: 'Nothing was found that fits\n' });
  });

  it.each<[HistoryOptions, string]>([
    [
      { verdict: 'bad\u001b' },
      'Cannot use --verdict "bad\\u{001B}": expected one of expected, unexpected, forged, unverifiable, observed, unparsable',
    ],
    [{ log: 'typo' }, 'Cannot find --log "typo": expected an origin or a name that `sigwatch status` shows'],
    [
      { since: 'yesterday' },
      'Cannot parse --since "yesterday": expected a duration such as 500ms, 10s, 5m, 24h or 7d, or a time such as 2026-11-21T13:00:00Z',
    ],
    [
      { until: '2026-02-30T00:00:00Z' },
      'Cannot parse --until "2026-02-30T00:00:00Z": expected a duration such as 500ms, 10s, 5m, 24h or 7d, or a time such as 2026-11-21T13:00:00Z',
    ],
    [
      { artifact: `sha512:${HEX}` },
      `Cannot use --artifact "sha512:${HEX}": expected a digest in hex, as sha256:…, sha384:… or sha512:…`,
    ],
    [{ limit: '-1' }, 'Cannot use --limit "-1": expected a number, 0 for all'],
    [{ json: true, csv: true }, 'Cannot print --json and --csv at once: expected one of them'],
  ])('refuses %o', (options, message) => {
    expect(run(filled(), options)).toEqual({ status: 2, out: '', err: `${message}\n` });
  });
});
