import { beforeEach, describe, expect, it } from 'vitest';
import { alertJson } from '../../src/alert/alert-json.ts';
import { logAlert, startedAlert } from '../../src/alert/log-alert.ts';
import { visible } from '../../src/alert/escape.ts';
import { listAlertsCommand, showAlertCommand, type ListOptions } from '../../src/cli/alerts.ts';
import { LogMisbehaved, type EntryEvidence } from '../../src/log/log.ts';
import { findAlert, listAlerts, raiseAlert } from '../../src/store/alerts.ts';
import type { Store } from '../../src/store/store.ts';
import { leafHash, sha256 } from '../../src/tlog/hash.ts';
import { openStore } from '../store/temp-store.ts';
import { branchDraft, unsignedNote } from '../support/alert-drafts.ts';
import { captureIo } from './captured-io.ts';

const MORNING = new Date('2026-11-21T08:00:00.000Z');
const NOON = new Date('2026-11-21T12:00:00.000Z');
const NOTES = [unsignedNote('rekor-local', 5, 'a'), unsignedNote('rekor-local', 5, 'b')];

let store: Store;
let ids: { readonly identity: string; readonly fork: string; readonly started: string };

beforeEach(() => {
  store = openStore();
  const started = startedAlert('rekor-local', {
    origin: 'rekor-local',
    size: 1,
    root: sha256(Buffer.from('a')),
    extensions: [],
  });
  const fork = new LogMisbehaved('Two trees', { kind: 'fork', log: 'rekor-local', signed: true, notes: NOTES });
  ids = {
    started: raiseAlert(store, started, MORNING).alert.id,
    identity: raiseAlert(store, branchDraft(), MORNING).alert.id,
    fork: raiseAlert(store, logAlert(fork), NOON).alert.id,
  };
});

function list(options: ListOptions) {
  const io = captureIo(120);
  const status = listAlertsCommand(store, options, io, NOON);
  return { status, out: io.out(), err: io.err() };
}

function show(id: string, json = false) {
  const io = captureIo(120);
  const status = showAlertCommand(store, id, { json }, io);
  return { status, out: io.out(), err: io.err() };
}

const listed = (options: ListOptions): unknown[] =>
  list({ ...options, json: true })
    .out.split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { id: string }).id);

describe('listAlertsCommand()', () => {
  it('prints two lines an alert, open ones first', () => {
    expect(list({})).toEqual({
      status: 0,
      err: '',
      out: [
        `${ids.fork}  open  critical  fork  seen once 2026-11-21 12:00:00 UTC`,
        '    rekor-local: the log signed two histories that contradict each other',
        `${ids.identity}  open  critical  unexpected  seen once 2026-11-21 08:00:00 UTC`,
        `    ${findAlert(store, ids.identity)?.title ?? ''}`,
        `${ids.started}  closed  low  started  seen once 2026-11-21 08:00:00 UTC`,
        `    ${findAlert(store, ids.started)?.title ?? ''}`,
        '',
      ].join('\n'),
    });
  });

  it('prints the JSON of the contract, one object a line', () => {
    const { status, out } = list({ json: true });
    expect(status).toBe(0);
    const lines = out.split('\n').slice(0, -1);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(listAlerts(store).map(alertJson));
    expect(Object.keys(JSON.parse(lines[0] ?? '') as object)).toEqual([
      'id',
      'class',
      'kind',
      'severity',
      'state',
      'watch',
      'title',
      'summary',
      'log',
      'index',
      'last_index',
      'violations',
      'signer',
      'artifacts',
      'occurrences',
      'first_seen',
      'last_seen',
      'dedupe_key',
      'links',
    ]);
  });

  it('keeps to its filters', () => {
    expect(listed({ state: 'closed' })).toEqual([ids.started]);
    expect(listed({ class: 'log' })).toEqual([ids.fork]);
    expect(listed({ watch: 'widget-release' })).toEqual([ids.identity]);
    expect(listed({ since: '1h' })).toEqual([ids.fork]);
    expect(listed({ since: '2026-11-21T08:00:00Z' })).toEqual([ids.fork, ids.identity, ids.started]);
  });

  it('says so on stderr when none fits', () => {
    expect(list({ watch: 'other' })).toEqual({ status: 0, out: '', err: 'No alert fits\n' });
    expect(list({ watch: 'other', json: true })).toEqual({ status: 0, out: '', err: '' });
  });

  it.each([
    [{ state: 'opened' }, 'Cannot use --state "opened": expected one of open, acknowledged, closed\n'],
    [{ class: 'x\u001b[2J' }, 'Cannot use --class "x\\u{001B}[2J": expected one of identity, log, operational\n'],
    [{ since: 'yesterday' }, expect.stringMatching(/^Cannot parse --since "yesterday": expected /) as string],
  ])('ends with 2 when an option is %j', (options, err) => {
    expect(list(options)).toEqual({ status: 2, out: '', err });
  });

  it('sends no escape sequence to the terminal', () => {
    raiseAlert(store, branchDraft('x', { title: 'a\u001b]0;owned\u0007\u202E\nb' }), NOON);
    expect(
      list({})
        .out.split('\n')
        .every((line) => visible(line) === line),
    ).toBe(true);
    expect(list({}).out).toContain('a\\u{001B}]0;owned\\u{0007}\\u{202E}\\u{000A}b');
    expect(
      list({ json: true })
        .out.split('\n')
        .every((line) => visible(line) === line),
    ).toBe(true);
  });
});

describe('showAlertCommand()', () => {
  it.each([
    [13, 'Entries 10 to 12 were'],
    [11, 'Entry 10 was'],
  ])('says which entries were not served, and what came instead (up to %d)', (to, entries) => {
    const unserved = { from: 10, to, answer: 'status 404\u001b[2J' };
    const evidence = { kind: 'entries-withheld', log: 'rekor-local', signed: false, notes: [], unserved } as const;
    const { id } = raiseAlert(store, logAlert(new LogMisbehaved('Withheld', evidence)), NOON).alert;
    expect(show(id).out).toContain(
      `${entries} asked for in vain, by our own report; what came instead\n  status 404\\u{001B}[2J\n`,
    );
  });

  it('says that the entry is proven, and how others can see it', () => {
    const proof = { size: 5, root: sha256(Buffer.from('root')), hashes: [sha256(Buffer.from('a'))] };
    const data = Buffer.from('{}');
    const leaf = { index: 3, data, hash: leafHash(data), integratedTime: null, globalIndex: null, uuid: null };
    const evidence: EntryEvidence = {
      ...{ kind: 'inclusion', log: 'rekor-local', type: 'rekor-v2', timestamp: null, logId: null },
      ...{ leaf, proof, checkpoint: 'a note' },
    };
    const { id } = raiseAlert(store, { ...branchDraft('refs/heads/other'), evidence }, NOON).alert;
    expect(show(id).out).toContain(
      'Hashes lead from entry 3 to the root that the log signed for size 5 (--json has them)\n',
    );
    expect(show(id).out).toContain(`\`sigwatch evidence ${id}\` writes it to a file that others can check\n`);
    expect(JSON.parse(show(id, true).out)).toMatchObject({ evidence: { kind: 'inclusion', leaf: { index: 3 } } });
  });

  it('prints all that is known of an identity', () => {
    const { status, out } = show(ids.identity);
    const alert = findAlert(store, ids.identity);
    expect(status).toBe(0);
    expect(out).toBe(`[critical] ${alert?.title ?? ''}

${alert?.summary ?? ''}

State                     open
Log                       rekor.sigstore.dev - 1193050959916656506
Index                     41
First seen                2026-11-21T08:00:00.000Z
Alert                     ${ids.identity}

Signed as                 https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/evil
Issuer                    https://token.actions.githubusercontent.com
Repository                https://github.com/acme/widget
Workflow                  https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/evil
Ref                       refs/heads/evil
Commit                    0123456789abcdef0123456789abcdef01234567
Trigger                   push
Runner                    github-hosted
Run                       https://github.com/acme/widget/actions/runs/4711/attempts/1

Artifact                  sha256:${'ab'.repeat(32)}

Log entry                 https://search.sigstore.dev/?logIndex=25000041
Workflow run              https://github.com/acme/widget/actions/runs/4711/attempts/1
Commit                    https://github.com/acme/widget/commit/0123456789abcdef0123456789abcdef01234567
`);
  });

  it('prints both signed notes of a fork', () => {
    const { out } = show(ids.fork);
    expect(out).toContain(`Signed note 1\n  ${NOTES[0]?.trimEnd().replaceAll('\n', '\n  ') ?? ''}\n`);
    expect(out).toContain(`Signed note 2\n  ${NOTES[1]?.trimEnd().replaceAll('\n', '\n  ') ?? ''}\n`);
  });

  it('names the nodes that prove a rollback', () => {
    const [older, newer] = [sha256(Buffer.from('older')), sha256(Buffer.from('newer'))];
    const rollback = new LogMisbehaved('Not a prefix', {
      kind: 'rollback',
      log: 'rekor-local',
      signed: true,
      notes: NOTES,
      prefix: { size: 3, frontier: [older, newer], nodes: [older], root: newer },
    });
    const { id } = raiseAlert(store, logAlert(rollback), NOON).alert;
    expect(show(id).out).toContain(`
3 nodes make the root of the last note, and for its first 3 entries another root than the first note signs (--json has them)
`);
  });

  it('prints what was served where nobody signed it', () => {
    const served = { url: 'https://log.example/checkpoint', sha256: 'ab'.repeat(32), excerpt: 'a\u001b[2J\nb' };
    const misbehaved = new LogMisbehaved('Cannot trust it', {
      kind: 'bad-signature',
      log: 'rekor-local',
      signed: false,
      notes: [],
      served,
    });
    const { id } = raiseAlert(store, logAlert(misbehaved), NOON).alert;
    expect(show(id).out).toContain(`
Served, by our own report (nobody signed that it was)
  https://log.example/checkpoint
  SHA-256 ${served.sha256}, beginning with
  a\\u{001B}[2J
  b
`);
  });

  it('prints the JSON of the contract with the evidence', () => {
    const { status, out } = show(ids.fork, true);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toEqual({
      ...listAlerts(store, { class: 'log' }).map(alertJson)[0],
      evidence: { kind: 'fork', log: 'rekor-local', signed: true, notes: NOTES },
    });
  });

  it('ends with 2 when there is no such alert', () => {
    expect(show('no\u001b[2J')).toEqual({
      status: 2,
      out: '',
      err: 'Cannot show alert "no\\u{001B}[2J": there is none; see `sigwatch alerts list`\n',
    });
  });
});
