import { beforeEach, describe, expect, it } from 'vitest';
import { logAlert, startedAlert } from '../../src/alert/log-alert.ts';
import { LogMisbehaved, type Evidence } from '../../src/log/log.ts';
import { findAlert, listAlerts, raiseAlert } from '../../src/store/alerts.ts';
import { Store } from '../../src/store/store.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { branchDraft, stored, unsignedNote } from '../support/alert-drafts.ts';

const MORNING = new Date('2026-11-21T08:00:00.123Z');
const NOON = new Date('2026-11-21T12:00:00.000Z');

let store: Store;
beforeEach(() => {
  store = Store.open(':memory:');
});

function setState(id: string, state: string): void {
  store.prepare('UPDATE alerts SET state = @state WHERE id = @id').run({ id, state });
}

describe('raiseAlert()', () => {
  it('opens a new alert', () => {
    const draft = branchDraft();
    const { alert, event } = raiseAlert(store, draft, MORNING);
    expect(event).toBe('opened');
    expect(alert.id).toMatch(/^[0-9a-hjkmnp-tv-z]{10}$/);
    expect(findAlert(store, alert.id)).toEqual({
      ...stored(draft, { id: alert.id, firstSeen: MORNING, lastSeen: MORNING }),
      evidence: null,
      notify: null,
    });
  });

  it.each(['open', 'acknowledged'])('counts a repeat when it is %s', (state) => {
    const first = raiseAlert(store, branchDraft(), MORNING).alert;
    setState(first.id, state);
    const { alert, event } = raiseAlert(store, branchDraft('refs/heads/evil', {}, 77), NOON);
    expect(event).toBe('repeated');
    expect(alert).toEqual({
      ...first,
      state,
      occurrences: 2,
      lastIndex: 77,
      lastSeen: NOON,
      evidence: null,
      notify: null,
    });
  });

  it('opens again under the same id when it is closed', () => {
    const first = raiseAlert(store, branchDraft(), MORNING).alert;
    setState(first.id, 'closed');
    const { alert, event } = raiseAlert(store, branchDraft('refs/heads/evil', { notify: ['pager'] }, 77), NOON);
    expect(event).toBe('reopened');
    expect(alert).toEqual({
      ...first,
      state: 'open',
      occurrences: 2,
      lastIndex: 77,
      lastSeen: NOON,
      evidence: null,
      notify: ['pager'],
    });
  });

  it('opens another alert when the dedupe key differs', () => {
    raiseAlert(store, branchDraft(), MORNING);
    expect(raiseAlert(store, branchDraft('refs/heads/other'), NOON).event).toBe('opened');
    expect(listAlerts(store)).toHaveLength(2);
  });

  it('tells again when the same thing has become graver, but not when it is lighter', () => {
    const low = branchDraft('x', { severity: 'low', title: 'low' });
    const { id } = raiseAlert(store, low, MORNING).alert;
    setState(id, 'acknowledged');
    const graver = raiseAlert(store, { ...low, severity: 'critical', title: 'critical' }, NOON);
    expect(graver).toMatchObject({
      event: 'reopened',
      alert: { id, state: 'open', severity: 'critical', title: 'critical' },
    });
    expect(raiseAlert(store, low, NOON)).toMatchObject({
      event: 'repeated',
      alert: { severity: 'critical', occurrences: 3 },
    });
  });

  it('bears `started` closed and never opens it', () => {
    const draft = startedAlert('rekor-local', {
      origin: 'rekor-local',
      size: 1,
      root: sha256(Buffer.from('a')),
      extensions: [],
    });
    expect(raiseAlert(store, draft, MORNING)).toMatchObject({ event: 'opened', alert: { state: 'closed' } });
    expect(raiseAlert(store, draft, NOON)).toMatchObject({
      event: 'repeated',
      alert: { state: 'closed', occurrences: 2 },
    });
  });

  it('keeps nothing when the transaction around it fails', () => {
    expect(() =>
      store.transaction(() => {
        raiseAlert(store, branchDraft(), MORNING);
        throw new Error('power cut');
      }),
    ).toThrow('power cut');
    expect(listAlerts(store)).toEqual([]);
  });
});

describe('findAlert()', () => {
  it('gives back evidence as it was', () => {
    const hash = (text: string) => sha256(Buffer.from(text));
    const evidence: Evidence = {
      kind: 'rollback',
      log: 'rekor-local',
      signed: true,
      notes: [unsignedNote('rekor-local', 3, 'a'), unsignedNote('rekor-local', 4, 'b')],
      prefix: { size: 3, frontier: [hash('1'), hash('2')], nodes: [hash('3')], root: hash('b') },
      served: { url: 'http://127.0.0.1/checkpoint', sha256: 'ab'.repeat(32), excerpt: 'x' },
    };
    const { alert } = raiseAlert(store, logAlert(new LogMisbehaved('It did', evidence)), MORNING);
    expect(findAlert(store, alert.id)?.evidence).toEqual(evidence);
    const row = store.prepare<{ evidence: string }>('SELECT evidence FROM alerts').get({});
    expect(JSON.parse(row?.evidence ?? '')).toMatchObject({
      prefix: { frontier: [hash('1').toString('hex'), hash('2').toString('hex')], root: hash('b').toString('hex') },
    });
  });

  it('is null when there is none with this id', () => {
    expect(findAlert(store, 'nothing')).toBeNull();
  });

  it('keeps hostile text as it was signed', () => {
    const ref = 'a\u0000b\u202E\uFEFF<!channel>\'"; DROP TABLE alerts; -- \u{1F408}';
    const draft = branchDraft(ref);
    const { alert } = raiseAlert(store, draft, MORNING);
    expect(findAlert(store, alert.id)).toMatchObject({ signer: draft.signer, violations: draft.violations });
  });
});

describe('listAlerts()', () => {
  it('lists open ones first, then acknowledged, then closed, the latest seen first', () => {
    const raise = (ref: string, state: string, minute: number) => {
      const { id } = raiseAlert(store, branchDraft(ref), new Date(NOON.getTime() + minute * 60_000)).alert;
      setState(id, state);
    };
    raise('closed', 'closed', 5);
    raise('open-early', 'open', 1);
    raise('acknowledged', 'acknowledged', 4);
    raise('open-late', 'open', 2);
    expect(listAlerts(store).map(({ signer }) => signer?.['source_ref'])).toEqual([
      'open-late',
      'open-early',
      'acknowledged',
      'closed',
    ]);
  });

  it('keeps to its filters', () => {
    const identity = raiseAlert(store, branchDraft(), MORNING).alert;
    const other = raiseAlert(store, branchDraft('x', { watch: 'other' }), NOON).alert;
    const started = raiseAlert(
      store,
      startedAlert('rekor-local', { origin: 'rekor-local', size: 1, root: sha256(Buffer.from('a')), extensions: [] }),
      NOON,
    ).alert;
    const ids = (filter: Parameters<typeof listAlerts>[1]) => listAlerts(store, filter).map(({ id }) => id);
    expect(ids({ state: 'closed' })).toEqual([started.id]);
    expect(ids({ class: 'identity' })).toEqual([other.id, identity.id]);
    expect(ids({ watch: 'other' })).toEqual([other.id]);
    expect(ids({ since: NOON })).toEqual([other.id, started.id]);
    expect(ids({ since: NOON, watch: 'widget-release' })).toEqual([]);
  });
});

describe('v_alerts', () => {
  it('names columns as the JSON does', () => {
    const draft = branchDraft();
    const { alert } = raiseAlert(store, draft, MORNING);
    expect(store.prepare('SELECT * FROM v_alerts').get({})).toMatchObject({
      id: alert.id,
      class: 'identity',
      kind: 'unexpected',
      severity: 'critical',
      state: 'open',
      watch: 'widget-release',
      title: draft.title,
      summary: draft.summary,
      log: 'rekor.sigstore.dev - 1193050959916656506',
      index: 41,
      last_index: 41,
      violations: JSON.stringify(draft.violations),
      signer: JSON.stringify(draft.signer),
      artifacts: JSON.stringify(draft.artifacts),
      occurrences: 1,
      first_seen: '2026-11-21T08:00:00.123Z',
      last_seen: '2026-11-21T08:00:00.123Z',
      dedupe_key: draft.dedupeKey,
      links: JSON.stringify(draft.links),
      chain: 'trusted',
      source_ref: 'refs/heads/evil',
      subject: '["https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/evil"]',
    });
  });
});
