import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../src/log/http.ts';
import type { EntryEvidence, LogReader } from '../../src/log/log.ts';
import { openCheckpoint, type SignedCheckpoint } from '../../src/tlog/checkpoint.ts';
import { verifyInclusion } from '../../src/tlog/proof.ts';
import { fillers } from '../support/actors.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';

const NEVER = new AbortController().signal;

let http: HttpClient;
let site: LogSite;
let reader: LogReader;
let tree: SignedCheckpoint;

beforeEach(() => {
  http = createHttpClient({ timeoutMs: 10_000 });
});

afterEach(async () => {
  await http.close();
  await site.close();
});

async function grow(size: number): Promise<void> {
  site.append(fillers(size));
  // Each site serves one log.
  reader = (await site.source(http).discover(NEVER))[0] as LogReader;
  tree = await reader.fetchCheckpoint(NEVER);
}

function holds({ leaf, proof, checkpoint }: EntryEvidence): boolean {
  const { size, root } = openCheckpoint(checkpoint, site);
  const isOfTree = proof.size === size && proof.root.equals(root);
  return isOfTree && verifyInclusion({ index: leaf.index, size, leaf: leaf.hash, proof: proof.hashes, root });
}

describe.each(BOTH)('proveInclusion() of a %s log', (_type, start) => {
  beforeEach(async () => {
    site = await start();
  });

  it('gives every entry with a proof under a signed checkpoint', async () => {
    await grow(23);
    for (let index = 0; index < 23; index++) {
      const evidence = await reader.proveInclusion(tree, index, NEVER);
      expect(evidence).toMatchObject({ kind: 'inclusion', log: site.origin, type: site.type });
      expect([evidence.leaf.index, holds(evidence)]).toEqual([index, true]);
    }
  });

  it('gives entries of a large tree, also after it grew', async () => {
    await grow(700);
    site.append(fillers(100, 1000));
    for (const index of [0, 255, 256, 600, 699]) {
      const evidence = await reader.proveInclusion(tree, index, NEVER);
      expect([evidence.leaf.index, holds(evidence)]).toEqual([index, true]);
    }
  });

  it.each(['tamperLeaf', 'tamperProof'] as const)('believes nothing that is not in the tree: %s', async (tamper) => {
    await grow(300);
    site[tamper](3);
    await expect(reader.proveInclusion(tree, 3, NEVER)).rejects.toMatchObject({
      name: 'LogMisbehaved',
      evidence: {
        kind: 'entry-mismatch',
        log: site.origin,
        signed: false,
        served: { url: expect.any(String) as string },
      },
    });
  });

  it('waits when the entry is not served', async () => {
    await grow(30);
    site.answer('entries', { status: 404, body: '' });
    await expect(reader.proveInclusion(tree, 3, NEVER)).rejects.toMatchObject({ name: 'LogUnavailable' });
  });
});
