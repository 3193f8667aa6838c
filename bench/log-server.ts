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

const [type, count] = [process.argv[2], Number(process.argv[3])];
const authority = createDemoAuthority({ name: 'bench-ca' });
const leaves = makeLeaves(count);
const served =
  type === 'v2'
    ? await startLocalLog({ origin: 'bench.log' }).then((log) => {
        log.append(leaves);
        return log;
      })
    : await startFakeRekorV1({ host: 'bench.log' }).then((log) => {
        log.append(leaves);
        return log;
      });
process.send?.({ url: served.url, publicKeyPem: served.publicKeyPem, chainPem: authority.chainPem() } satisfies Served);

/** One in fifty is ours, as much as a busy organisation sees of the public log. */
function makeLeaves(total: number): Buffer[] {
  const make = type === 'v2' ? hashedRekordV2 : hashedRekordV1;
  const distinct = Array.from({ length: DISTINCT }, (_, number) => {
    const owner = number % 50 === 0 ? 'acme' : `stranger-${number}`;
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
    return make({ certificate, privateKey, artifact: Buffer.from(String(number)) });
  });
  // Buffers of their own, as the server would hold them; the tree does not mind equal leaves.
  return Array.from({ length: total }, (_, index) => Buffer.from(distinct[index % DISTINCT] ?? Buffer.alloc(0)));
}
