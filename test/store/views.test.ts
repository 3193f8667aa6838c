import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { saveCheckpoint } from '../../src/store/checkpoints.ts';
import { saveFindings } from '../../src/store/findings.ts';
import { hideLogs, saveFailure, stopLog } from '../../src/store/logs.ts';
import { recordSource, saveSourceError } from '../../src/store/sources.ts';
import type { Store } from '../../src/store/store.ts';
import { checkpointOf, finding, foundEntry, LATER, LOG, NOW, registerSource, verifiedLog } from './samples.ts';
import { openStore } from './temp-store.ts';

function columnsOf(store: Store, view: string): readonly string[] {
  return store.prepare(`SELECT * FROM ${view}`).columns().map(({ name }) => name); // prettier-ignore
}

describe('v_history', () => {
  it('has the names of the JSON, with the claims of the signer', () => {
    expect(columnsOf(openStore(), 'v_history')).toEqual([
      ...['log', 'index', 'global_index', 'uuid', 'kind', 'api_version', 'integrated_time', 'observed_at', 'leaf_hash'],
      ...[
        'watch',
        'verdict',
        'violations',
        'type',
        'signer_type',
        'chain',
        'fingerprint',
        'issuer',
        'subject',
        'builder',
      ],
      ...['builder_digest', 'runner', 'source_repository', 'source_digest', 'source_ref', 'source_repository_id'],
      ...['source_owner', 'source_owner_id', 'workflow', 'workflow_digest', 'trigger', 'run', 'visibility'],
      ...['environment', 'token_subject', 'key', 'key_subject'],
      ...['slsa_builder', 'build_type', 'source_uri', 'source_sha', 'subject_name', 'predicate_type'],
      ...['signature', 'signing_time', 'sct', 'problem', 'signer', 'artifacts', 'alert', 'resigned'],
    ]);
  });

  it('flattens a finding: times as RFC 3339, digests as hex, what is nested as JSON', () => {
    const store = openStore();
    const violations = [{ claim: 'source_ref', expected: 'refs/tags/v*', found: null }];
    const entry = foundEntry(7, { integratedTime: 1_700_000_000, globalIndex: 9, uuid: 'ab' });
    saveFindings(store, entry, [finding({ verdict: 'unexpected', violations, alert: 'alert-1' })], NOW);
    const nothing = Object.fromEntries(columnsOf(store, 'v_history').map((name) => [name, null]));
    expect(store.prepare('SELECT * FROM v_history').all()).toEqual([
      {
        ...nothing,
        log: LOG,
        index: 7,
        global_index: 9,
        uuid: 'ab',
        kind: 'hashedrekord',
        api_version: '0.0.2',
        integrated_time: '2023-11-14T22:13:20.000Z',
        observed_at: '2026-11-21T13:00:00.123Z',
        leaf_hash: entry.leafHash.toString('hex'),
        watch: 'widget-release',
        verdict: 'unexpected',
        violations: JSON.stringify(violations),
        type: 'certificate',
        signer_type: 'certificate',
        chain: 'trusted',
        fingerprint: 'cd'.repeat(32),
        key: 'cd'.repeat(32),
        issuer: 'https://token.actions.githubusercontent.com',
        subject: '["https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1"]',
        builder: 'https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1',
        source_repository: 'https://github.com/acme/widget',
        source_ref: 'refs/tags/v1',
        signer: JSON.stringify(finding().signer),
        artifacts: `["sha256:${'ab'.repeat(32)}"]`,
        alert: 'alert-1',
      },
    ]);
  });

  it('shows what is known of a signer, what was attested, and what is written wrongly', () => {
    const store = openStore();
    const known = {
      ...{ signature: 'verified', signing_time: 'within', sct: 'absent' },
      ...{ slsa_builder: 'https://acme.example/b', build_type: 't', source_uri: 'u', source_sha: 's' },
      ...{ predicate_type: 'p', key_subject: 'k@acme.example' },
    };
    const lists = { subject_name: ['a', 'b'], problem: { issuer: 'it stands there twice' } };
    saveFindings(store, foundEntry(7), [finding({ signer: { ...finding().signer, ...known, ...lists } })], NOW);
    expect(store.prepare('SELECT * FROM v_history').get()).toMatchObject({
      ...known,
      subject_name: '["a","b"]',
      problem: '{"issuer":"it stands there twice"}',
    });
  });

  it('writes every moment as JavaScript does', () => {
    const store = openStore();
    const written = store.prepare<{ time: string }>(
      `SELECT strftime('%Y-%m-%dT%H:%M:%fZ', @ms / 1000.0, 'unixepoch') AS time`,
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
        expect(written.get({ ms })).toEqual({ time: new Date(ms).toISOString() });
      }),
      { examples: [[0], [999], [59_999], [253_402_300_799_999]] },
    );
  });
});

describe('v_checkpoints', () => {
  it('has the columns that are promised', () => {
    const store = openStore();
    saveCheckpoint(store, checkpointOf(LOG, 5), NOW);
    expect(columnsOf(store, 'v_checkpoints')).toEqual(['log', 'size', 'root', 'note', 'first_seen', 'last_seen']);
  });
});

describe('v_logs', () => {
  it('has the names of the JSON', () => {
    expect(columnsOf(openStore(), 'v_logs')).toEqual([
      ...[
        'name',
        'origin',
        'type',
        'url',
        'state',
        'verified_size',
        'verified_root',
        'verified_at',
        'seen_size',
        'lag',
      ],
      ...['started_at_index', 'examined_size', 'last_error', 'witnesses', 'alive_at', 'stopped_by'],
    ]);
  });

  it('shows a log that was verified, and how far behind it is', () => {
    const store = openStore();
    verifiedLog(store, LOG, 2, 5, 'acme');
    saveCheckpoint(store, checkpointOf(LOG, 12), LATER);
    expect(store.prepare('SELECT * FROM v_logs').all()).toEqual([
      {
        name: 'acme',
        origin: LOG,
        type: 'rekor-v2',
        url: 'https://acme',
        state: 'verified',
        verified_size: 5,
        verified_root: checkpointOf(LOG, 5).root.toString('hex'),
        verified_at: '2026-11-21T13:00:00.123Z',
        seen_size: 12,
        lag: 7,
        started_at_index: 2,
        examined_size: 5,
        last_error: null,
        witnesses: '[]',
        alive_at: null,
        stopped_by: null,
      },
    ]);
  });

  it('shows a source that never answered', () => {
    const store = openStore();
    recordSource(store, { name: 'acme', type: 'rekor-v1', url: 'https://acme', origin: 'acme.example' });
    const row = {
      name: 'acme',
      origin: 'acme.example',
      type: 'rekor-v1',
      url: 'https://acme',
      state: 'starting',
      verified_size: null,
      verified_root: null,
      verified_at: null,
      seen_size: null,
      lag: null,
      started_at_index: null,
      examined_size: null,
      last_error: null,
      witnesses: '[]',
      alive_at: null,
      stopped_by: null,
    };
    const states = [null, 'no answer', null].map((error) => {
      saveSourceError(store, 'acme', error, NOW);
      return store.prepare('SELECT * FROM v_logs').all();
    });
    expect(states).toEqual([[row], [{ ...row, state: 'unreachable', last_error: 'no answer' }], [row]]);
    saveSourceError(store, 'acme', 'bad signature', NOW, 'misbehaving');
    expect(store.prepare('SELECT * FROM v_logs').all()).toEqual([
      { ...row, state: 'misbehaving', last_error: 'bad signature' },
    ]);
  });

  it('shows every log of a source that does not answer as unreachable, and a stopped one as stopped', () => {
    const store = openStore();
    verifiedLog(store, 'a', 0, 5, 'v1');
    registerSource(store, 'v1', ['b', 'c']);
    saveFailure(store, 'b', 'misbehaving', 'two roots', NOW);
    stopLog(store, 'b', 'alert-1', NOW);
    saveSourceError(store, 'v1', 'no answer', LATER);
    const shown = 'SELECT origin, state, last_error FROM v_logs ORDER BY origin';
    expect(store.prepare(shown).all()).toEqual([
      { origin: 'a', state: 'unreachable', last_error: 'no answer' },
      { origin: 'b', state: 'misbehaving', last_error: 'two roots' },
      { origin: 'c', state: 'unreachable', last_error: 'no answer' },
    ]);
    saveSourceError(store, 'v1', null, LATER);
    expect(store.prepare(shown).all()).toEqual([
      { origin: 'a', state: 'verified', last_error: null },
      { origin: 'b', state: 'misbehaving', last_error: 'two roots' },
      { origin: 'c', state: 'starting', last_error: null },
    ]);
  });
});

describe('v_logs', () => {
  it('shows no log that the configuration leaves out, and its source only while that cannot be asked', () => {
    const store = openStore();
    registerSource(store, 'v1', ['a']);
    const shown = () => store.prepare('SELECT origin, state FROM v_logs').all();
    hideLogs(store, 'v1', { leftOut: ['a'], served: ['a'] });
    const whileAsked = shown();
    saveSourceError(store, 'v1', 'no answer', NOW);
    expect([whileAsked, shown()]).toEqual([[], [expect.objectContaining({ state: 'unreachable' })]]);
  });
});

describe('saveSourceError()', () => {
  it('needs the source to be recorded', () => {
    expect(() => {
      saveSourceError(openStore(), 'other', null, NOW);
    }).toThrow(new Error('Cannot save the state of source "other": it was never recorded'));
  });
});
