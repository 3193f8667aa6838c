import { startFakeRekorV1 } from '../test/fakes/fake-rekor-v1.ts';
import { createDemoAuthority } from '../src/demo/certificate-authority.ts';
import { hashedRekordV1, hashedRekordV2 } from '../src/demo/entries.ts';
import { startLocalLog } from '../src/demo/local-log.ts';

/** Certificates that entries are made from: signing each anew would take longer than the benchmark. */
const DISTINCT = 64;

/** What the benchmark's server tells its parent, one JSON line. */
export interface Served {
  readonly url: string;
  readonly publicKeyPem: string;
  readonly chainPem: string;
}

const [type, count, oneIn] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const authority = createDemoAuthority({ name: 'bench-ca' });
const log =
  type === 'v2' ? await startLocalLog({ origin: 'bench.log' }) : await startFakeRekorV1({ host: 'bench.log' });
log.append(makeLeaves());
process.send?.({ url: log.url, publicKeyPem: log.publicKeyPem, chainPem: authority.chainPem() } satisfies Served);

/** One entry in `oneIn` is signed as `acme`, the others by strangers. */
function makeLeaves(): Buffer[] {
  const ours = Array.from({ length: DISTINCT }, (_, number) => makeLeaf('acme', number));
  const others = Array.from({ length: DISTINCT }, (_, number) => makeLeaf(`stranger-${number}`, number));
  return Array.from({ length: count }, (_, index) => {
    const pool = index % oneIn === 0 ? ours : others;
    // Buffers of their own, as a server holds them; a tree does not mind equal leaves.
    return Buffer.from(pool[Math.floor(index / oneIn + index) % DISTINCT] ?? Buffer.alloc(0));
  });
}

function makeLeaf(owner: string, number: number): Buffer {
  const repository = `https://github.com/${owner}/widget`;
  const workflow = `${repository}/.github/workflows/release.yml@refs/tags/v1`;
  const { certificate, privateKey } = authority.issue({
    subject: workflow,
    claims: {
      issuer: 'https://token.actions.githubusercontent.com',
      builder: workflow,
      builder_digest: 'c0ffee0123456789c0ffee0123456789c0ffee01',
      runner: 'github-hosted',
      source_repository: repository,
      source_digest: 'c0ffee0123456789c0ffee0123456789c0ffee01',
      source_ref: 'refs/tags/v1',
      source_repository_id: String(number),
      source_owner: `https://github.com/${owner}`,
      source_owner_id: String(number),
      workflow,
      workflow_digest: 'c0ffee0123456789c0ffee0123456789c0ffee01',
      trigger: 'push',
      run: `${repository}/actions/runs/${number}/attempts/1`,
      visibility: 'public',
    },
  });
  const make = type === 'v2' ? hashedRekordV2 : hashedRekordV1;
  return make({ certificate, privateKey, artifact: Buffer.from(String(number)) });
}
