import { restoreCheckpoint, type SignedCheckpoint } from '../../src/tlog/checkpoint.ts';
import { Frontier } from '../../src/tlog/frontier.ts';
import { EMPTY_ROOT, leafHash, sha256 } from '../../src/tlog/hash.ts';
import type { Finding, FoundEntry } from '../../src/store/findings.ts';
import { recordSource } from '../../src/store/sources.ts';
import { registerLogs, saveFrontier, saveJoined, saveVerified } from '../../src/store/logs.ts';
import type { Store } from '../../src/store/store.ts';
import { formatNote, signatureLine } from '../tlog/signed-note.ts';

export const NOW = new Date('2026-11-21T13:00:00.123Z');
export const LATER = new Date('2026-11-21T14:00:00.456Z');

export const LOG = 'log.example';

/** A stored note: nobody checks its signature again. `mark` makes another root of the same size. */
export function checkpointOf(origin: string, size: number, mark = ''): SignedCheckpoint {
  const root = size === 0 ? EMPTY_ROOT : sha256(Buffer.from(`${size}${mark}`));
  const text = `${origin}\n${size}\n${root.toString('base64')}\n`;
  return restoreCheckpoint(
    formatNote(text, signatureLine(origin.split(' ', 1).join(''), Buffer.alloc(4, 1), Buffer.alloc(64, 2))),
  );
}

/** A frontier of `size` leaves. */
export function frontierOf(size: number): Frontier {
  const frontier = Frontier.empty();
  for (let index = 0; index < size; index += 1) {
    frontier.append(leafHash(Buffer.from(String(index))));
  }
  return frontier;
}

/** Makes a source `name` with the logs known that it serves. */
export function registerSource(store: Store, name: string, origins: readonly string[], now = NOW): ReadonlySet<string> {
  recordSource(store, { name, type: 'rekor-v2', url: 'https://log.example', origin: name });
  const logs = origins.map((origin) => ({ origin, type: 'rekor-v2' as const, url: `https://${name}` }));
  return registerLogs(store, name, logs, now);
}

/** A log of source `name`, joined at `start` and verified to `size`. */
export function verifiedLog(store: Store, origin: string, start: number, size: number, name = origin): void {
  registerSource(store, name, [origin]);
  saveJoined(store, origin, frontierOf(start), checkpointOf(origin, size), NOW);
  saveFrontier(store, origin, frontierOf(size), NOW);
  saveVerified(store, origin, checkpointOf(origin, size), false, NOW);
}

/** An entry of {@link LOG}. */
export function foundEntry(index: number, differing: Partial<FoundEntry> = {}): FoundEntry {
  return {
    log: LOG,
    index,
    globalIndex: null,
    uuid: null,
    kind: 'hashedrekord',
    apiVersion: '0.0.2',
    integratedTime: null,
    leafHash: leafHash(Buffer.from(`body ${index}`)),
    body: Buffer.from(`body ${index}`),
    artifacts: [`sha256:${'ab'.repeat(32)}`],
    ...differing,
  };
}

/** What the watch `widget-release` found. */
export function finding(differing: Partial<Finding> = {}): Finding {
  return {
    watch: 'widget-release',
    verdict: 'expected',
    violations: [],
    signer: {
      type: 'certificate',
      chain: 'trusted',
      fingerprint: 'cd'.repeat(32),
      issuer: 'https://token.actions.githubusercontent.com',
      subject: ['https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1'],
      builder: 'https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1',
      source_repository: 'https://github.com/acme/widget',
      source_ref: 'refs/tags/v1',
      'oid:1.2.3': 'kept',
    },
    signerPosition: 0,
    alert: null,
    ...differing,
  };
}
