import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  describeChanges,
  describeRivalKeys,
  describeSharedKeys,
  logsOf,
  nextSnapshot,
} from '../../src/trust/snapshot.ts';
import type { TrustSnapshot } from '../../src/trust/snapshot.ts';
import { parseTrustedRoot, type TrustData } from '../../src/trust/trusted-root.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

/** Before the format had a media type. */
const UNREADABLE = 2;
const END = new Date('2026-11-21T00:00:00Z');

describe.runIf(hasRealdata)('what the public instances published, in its order', () => {
  const [production, staging] = ['sigstore__root-signing', 'sigstore__root-signing-staging'].map(readHistory);

  it.each([
    ['production', production],
    ['staging', staging],
  ])('%s: no root would be doubted at its first sight', (_, history = []) => {
    expect(history.length).toBeGreaterThan(8);
    expect(history.flatMap((data) => describeSharedKeys(null, data))).toEqual([]);
  });

  it('is told by what changed, and never as one key of two logs or two of one: production', () => {
    expect(headlinesOf(production)).toEqual([
      ['Changed: certificate authority "https://fulcio.sigstore.dev"'],
      [
        'Changed: CT log "ctfe.sigstore.dev/2022"',
        'Changed: CT log "ctfe.sigstore.dev/test"',
        'Changed: log "rekor.sigstore.dev"',
      ],
      ['Changed: log "rekor.sigstore.dev"'],
      ['Changed: CT log "ctfe.sigstore.dev/2022"'],
      ['Changed: certificate authority "https://fulcio.sigstore.dev"'],
      ['Changed: CT log "ctfe.sigstore.dev/test"'],
      [],
      ['New: log "log2025-1.rekor.sigstore.dev"'],
    ]);
  });

  it('is told by what changed, and never as one key of two logs or two of one: staging', () => {
    expect(headlinesOf(staging)).toEqual([
      [],
      [],
      [],
      ['New: log "log2025-alpha1.rekor.sigstage.dev"'],
      ['Changed: log "log2025-alpha1.rekor.sigstage.dev"', 'New: log "log2025-alpha2.rekor.sigstage.dev"'],
      [],
      [],
      ['Changed: log "log2025-alpha2.rekor.sigstage.dev"', 'New: log "log2025-alpha3.rekor.sigstage.dev"'],
      ['New: CT log "log2026-1.ctfe.sigstage.dev"'],
      ['Changed: CT log "ctfe.sigstage.dev/2022-2"', 'Changed: CT log "log2026-1.ctfe.sigstage.dev"'],
      [
        'Changed: CT log "ctfe.sigstage.dev/2022-2"',
        'New: CT log "log2026-1.us-east4.ctfe.sigstage.dev"',
        'Changed: certificate authority "https://fulcio.sigstage.dev"',
        'New: log "log2026-1.us-east4.rekor.sigstage.dev"',
      ],
    ]);
  });

  it.each([
    ['production', production, ['log2025-1.rekor.sigstore.dev']],
    [
      'staging',
      staging,
      ['log2025-alpha1', 'log2025-alpha2', 'log2025-alpha3', 'log2026-1.us-east4'].map(
        (name) => `${name}.rekor.sigstage.dev`,
      ),
    ],
  ])('%s: every log that came is read from its first entry, and none is lost', (_, history = [], later) => {
    const last = history.reduce<TrustSnapshot | null>((before, data) => nextSnapshot(before, data, true), null);
    const { logs } = logsOf(last ?? { data: NOTHING, former: [], first: [] });
    expect([...new Set(logs.filter((log) => log.later === true).map(({ origin }) => origin))]).toEqual(later);
    const named = new Set(history.flatMap((data) => data.logs.map(({ origin }) => origin)));
    expect(new Set(logs.map(({ origin }) => origin))).toEqual(named);
  });

  it('names the CT logs with what they are read by', () => {
    const ctLogs = [production, staging].map((history = []) =>
      history.at(-1)?.ctLogs.map(({ type, origin, url }) => [type, origin, url]),
    );
    const listed = (...origins: readonly string[]) => origins.map((origin) => ['ct', origin, `https://${origin}`]);
    expect(ctLogs).toEqual([
      listed('ctfe.sigstore.dev/test', 'ctfe.sigstore.dev/2022'),
      listed(
        'ctfe.sigstage.dev/test',
        'ctfe.sigstage.dev/2022',
        'ctfe.sigstage.dev/2022-2',
        'log2026-1.ctfe.sigstage.dev',
        'log2026-1.us-east4.ctfe.sigstage.dev',
      ),
    ]);
  });
});

const NOTHING: TrustData = { authorities: [], logs: [], ctLogs: [], goodUntil: null, skipped: [] };

/** The recorded trusted roots, oldest first; those of the beginning that are no such file are left out. */
function readHistory(repository: string): readonly TrustData[] {
  const folder = realdata(`trust/${repository}`);
  const names = readdirSync(`${folder}/history`)
    .filter((name) => name.endsWith('-trusted_root.json'))
    .sort();
  const files = [...names.map((name) => `${folder}/history/${name}`), `${folder}/targets/trusted_root.json`];
  const readable = repository.endsWith('staging') ? files : files.slice(UNREADABLE);
  return readable.map((file) => parseTrustedRoot(readFileSync(file, 'utf8')));
}

/** What each publication would have had told of it, without the keys. */
function headlinesOf(history: readonly TrustData[] = []): readonly (readonly string[])[] {
  return history.slice(1).map((data, position) => {
    const before = history[position] ?? NOTHING;
    const changes = describeChanges(before, data).map((sentence) => sentence.replace(/(": |"; |, left).*/s, '"'));
    return [...describeRivalKeys(before, data, END), ...describeSharedKeys(before, data), ...changes];
  });
}
