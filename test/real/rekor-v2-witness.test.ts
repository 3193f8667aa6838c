import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createRekorV2Source } from '../../src/log/rekor-v2/reader.ts';
import { parseWitnessPolicy } from '../../src/tlog/witness-policy.ts';
import { MonitorRig } from '../support/monitor-rig.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { serveStaticLog, type StaticLog } from '../support/static-log.ts';
import { keyOfVkey } from '../tlog/known-keys.ts';

const FOLDER = realdata('servers/rekor-v2');
const CHECKPOINTS = ['0', '10', '200', '713', '1219', '1219-republished'];

describe.runIf(hasRealdata)('the witness of a log recorded from a real Rekor v2 server', () => {
  let rig: MonitorRig;
  let server: StaticLog;

  beforeEach(async () => {
    rig = new MonitorRig();
    // Just after everything was recorded: witnesses also say how old a checkpoint is.
    rig.now = new Date('2026-11-21T02:01:00Z');
    rig.watches = [];
    rig.witnesses = {
      policy: parseWitnessPolicy(
        `log ${read('log.vkey')}\nwitness w1 ${read('witness.vkey')}\ngroup all-of-them all w1\nquorum all-of-them\n`,
      ),
      onMissing: 'alert',
      unmet: new Set(),
    };
    server = await serveStaticLog(`${FOLDER}/log`, '');
  });

  afterEach(async () => {
    await server.close();
    await rig.close();
  });

  it('is there at each size, and later when the same tree is published again', async () => {
    const times: (string | null | undefined)[] = [];
    for (const checkpoint of CHECKPOINTS) {
      await poll(`${FOLDER}/checkpoints/${checkpoint}`);
      times.push(rig.log('rekor-local').witnesses[0]?.time);
    }
    expect(rig.log('rekor-local')).toMatchObject({ state: 'verified', verified_size: 1219 });
    expect(times).toEqual([
      '2026-11-21T01:48:38.000Z',
      '2026-11-21T01:49:18.000Z',
      '2026-11-21T01:49:24.000Z',
      '2026-11-21T01:49:49.000Z',
      '2026-11-21T01:50:21.000Z',
      '2026-11-21T02:00:22.000Z',
    ]);
    expect(rig.alerts()).toEqual([]);
  });

  it('is missed where its line was taken away, until it is there again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sigwatch-witness-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const note = read('checkpoints/713');
    const stripped = join(folder, 'checkpoint');
    writeFileSync(stripped, note.slice(0, note.indexOf('— witness.local ')));
    const missed: number[] = [];
    for (const checkpoint of [`${FOLDER}/checkpoints/200`, stripped, `${FOLDER}/checkpoints/1219`]) {
      await poll(checkpoint);
      missed.push(rig.alerts().length);
    }
    expect(missed).toEqual([0, 1, 1]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'witness-missing', occurrences: 1, state: 'open' });
    expect(rig.onlyAlert().summary).toContain('"rekor-local" at size 713 does not meet the witness policy');
    expect(rig.log('rekor-local')).toMatchObject({ verified_size: 1219, witnesses: [{ name: 'w1' }] });
  });

  async function poll(checkpoint: string): Promise<void> {
    server.checkpoint = checkpoint;
    const keys = [keyOfVkey(read('log.vkey'))] as const;
    const log = { name: 'recorded', url: server.url, readPath: '', origin: 'rekor-local', keys } as const;
    await rig.poll(createRekorV2Source({ ...log, start: 'genesis' }, rig.http));
  }
});

function read(name: string): string {
  return readFileSync(`${FOLDER}/${name}`, 'utf8').trim();
}
