import { describe, expect, it } from 'vitest';
import { verifyEntryTimestamp } from '../../../src/log/rekor-v1/entry-timestamp.ts';
import { noteKey } from '../../../src/tlog/note.ts';
import { FakeRekorV1 } from '../../fakes/fake-rekor-v1.ts';

// The key of the public log.
const PUBLIC_KEY = noteKey(
  'rekor.sigstore.dev',
  Buffer.from(
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==',
    'base64',
  ),
);

describe('verifyEntryTimestamp()', () => {
  const rekor = new FakeRekorV1({ firstIndex: 2 ** 31 });
  rekor.append(['body']);
  const { body, integratedTime, logID, logIndex, verification } = rekor.active.entryAt(2 ** 31);
  const entry = {
    encodedBody: body,
    integratedTime,
    logId: logID,
    globalIndex: logIndex,
    timestamp: Buffer.from(verification.signedEntryTimestamp, 'base64'),
  };

  it('accepts what one of the keys signed', () => {
    expect(verifyEntryTimestamp(entry, rekor.keys)).toBe(true);
    expect(verifyEntryTimestamp(entry, [PUBLIC_KEY, ...rekor.keys])).toBe(true);
  });

  it('refuses what another key signed', () => {
    expect(verifyEntryTimestamp(entry, [PUBLIC_KEY])).toBe(false);
  });

  it.each([
    { encodedBody: Buffer.from('other').toString('base64') },
    { integratedTime: integratedTime + 1 },
    { logId: '00'.repeat(32) },
    { globalIndex: 2 ** 31 + 1 },
    { timestamp: Buffer.alloc(0) },
    { timestamp: Buffer.from('no signature') },
    { timestamp: Buffer.concat([entry.timestamp, Buffer.alloc(1)]) },
  ])('refuses %j', (changed) => {
    expect(verifyEntryTimestamp({ ...entry, ...changed }, rekor.keys)).toBe(false);
  });
});
