import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifyEvidence } from '../../src/evidence/verify-evidence.ts';
import { contentOf } from '../support/evidence-files.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

const FOLDER = 'servers/rekor-v1';
const ORIGIN = 'rekor.peers.test - 7954628769174606703';

describe.runIf(hasRealdata)('forks signed with the key of a recorded Rekor v1 shard', () => {
  it('are proven where the sizes are equal, by the key of that shard alone', () => {
    const notes = [headOf('log/log-055.json'), headOf('fork/log-055-other-root.json')];
    expect(verify(notes, 'publicKey-shardA.pem')).toMatchObject({
      isProven: true,
      proven: [
        expect.stringContaining('for size 55'),
        expect.stringContaining('for size 55'),
        expect.stringContaining('contradicts itself: it signed two different trees of size 55'),
      ],
    });
    expect(verify(notes, 'publicKey-shardB.pem')).toMatchObject({ isProven: false, proven: [] });
  });

  it.each([
    ['a larger tree of which nobody has nodes', ['log/log-055.json', 'fork/log-060-other-root.json'], 2],
    ['two honest checkpoints', ['log/log-050.json', 'log/log-055.json'], 2],
    ['one honest checkpoint, given twice', ['log/log-055.json', 'log/log-055.json'], 1],
  ])('are not proven by %s', (_, names, said) => {
    const { isProven, proven } = verify(names.map(headOf), 'publicKey-shardA.pem');
    expect([isProven, proven.length]).toEqual([false, said]);
  });
});

function verify(notes: readonly string[], key: string) {
  const content = contentOf({
    log: { origin: ORIGIN, type: 'rekor-v1', public_keys: [] },
    signed_notes: [...notes],
  });
  const keys = [createPublicKey(readText(key)).export({ type: 'spki', format: 'der' })];
  return verifyEvidence({ format: 'sigwatch evidence 1', ...content }, { keys, chainOf: null });
}

function headOf(name: string): string {
  // The recording's own format.
  return (JSON.parse(readText(name)) as { readonly signedTreeHead: string }).signedTreeHead;
}

function readText(name: string): string {
  return readFileSync(realdata(`${FOLDER}/${name}`), 'utf8');
}
