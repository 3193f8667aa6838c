import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDemoAuthority } from '../../src/demo/certificate-authority.ts';
import { NO_SCT, stagedExample, type Staging } from '../support/examples.ts';
import { ExplainStage } from '../support/explain-stage.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

/** `WATCH VERDICT` and the claims that fail, for each entry of a file. */
type Judged = readonly (readonly string[])[];

let stage: ExplainStage;

beforeEach(() => {
  stage = new ExplainStage();
});

afterEach(() => {
  stage.close();
});

async function judge(example: string, staging: Staging, files: readonly string[]): Promise<Judged> {
  stage.write('sigwatch.yaml', stagedExample(example, staging));
  const lines = await stage.json(files);
  expect(lines.map(({ problem }) => problem)).toEqual(lines.map(() => null));
  return lines.map(({ judgements }) =>
    judgements.map(({ watch, verdict, violations }) =>
      [watch, verdict, ...violations.map(({ claim }) => claim).sort()].join(' '),
    ),
  );
}

const NPM = realdata('bundles/slsa-framework__slsa-verifier/cli/slsa-verifier/testdata/npm/gha');

function npmBundle(name: string): string {
  return join(NPM, `${name}.tgz.json`);
}

/** Puts a real package in the place of @acme/widget. */
function npmPackage(
  name: string,
  repository: string,
  workflow: string,
  ids: readonly [repository: string, owner: string],
): Staging {
  return {
    names: [
      ['%40acme/widget', name],
      ['acme/widget', repository],
      ['release.yml', workflow],
      ["'123456'", `'${ids[0]}'`],
      ["'654321'", `'${ids[1]}'`],
    ],
  };
}

const GOGGLES_IDS = ['636292006', '33133073'] as const;
const goggles = (ids: readonly [string, string] = GOGGLES_IDS): Staging =>
  npmPackage('%40trishankatdatadog/supreme-goggles', 'trishankatdatadog/supreme-goggles', 'npm-publish.yml', ids);

// Each bundle holds two entries of the public log: npm's own attestation that it was published, then the provenance. Trust is
// that of the public instance, as the example says.
describe.runIf(hasRealdata)('the example npm on what npm published', () => {
  const published = 'widget-published expected';

  it.each([
    ['a release of 2023, SLSA 0.2', 'supreme-googles-cli-v02-tag', goggles()],
    [
      'a release of 2024, SLSA 1.0, of a package without a scope',
      'gundam-visor-cli-v1-tag',
      npmPackage('gundam-visor', 'ramonpetgrave64/gundam-visor', 'npm-publish.yml', ['810002373', '32398091']),
    ],
  ])('expects %s', async (_, bundle, staging) => {
    expect(await judge('npm', staging, [npmBundle(bundle)])).toEqual([[published], ['widget-provenance expected']]);
  });

  it.each([
    [
      'the workflow of a branch, started by hand',
      'provenance-npm-test-cli-v02-prega',
      'widget-provenance unexpected builder source_ref trigger workflow',
    ],
    [
      "somebody else's builder",
      'provenance-npm-test-ossf',
      'widget-provenance unexpected builder source_ref trigger workflow',
    ],
  ])('does not expect %s', async (_, bundle, due) => {
    const ids = ['602223945', '64505099'] as const;
    const repository = 'laurentsimon/provenance-npm-test';
    const staging = npmPackage(`%40${repository}`, repository, 'release.yml', ids);
    expect(await judge('npm', staging, [npmBundle(bundle)])).toEqual([[published], [due]]);
  });

  it('does not expect our names with the ids of another repository and owner', async () => {
    const staging = goggles(['123456', '654321']);
    const [, provenance] = await judge('npm', staging, [npmBundle('supreme-googles-cli-v02-tag')]);
    expect(provenance).toEqual(['widget-provenance unexpected source_owner_id source_repository_id']);
  });

  it('tells of our package that another repository built', async () => {
    const staging: Staging = { names: [['%40acme/widget', '%40trishankatdatadog/supreme-goggles']] };
    expect(await judge('npm', staging, [npmBundle('supreme-googles-cli-v02-tag')])).toEqual([
      [published],
      ['widget-built-elsewhere unexpected'],
    ]);
  });

  it("does not expect npm's word from another key", async () => {
    const staging = goggles();
    const otherKey = ['1e908a55459fe6ddac1ccbc137ea8631ee837032fec2a2ccc528b38d81f17108', 'ab'.repeat(32)] as const;
    const names = [...(staging.names ?? []), otherKey];
    const [word] = await judge('npm', { names }, [npmBundle('supreme-googles-cli-v02-tag')]);
    expect(word).toEqual(['widget-published unexpected key']);
  });

  it('believes no attestation that is not the one that was logged', async () => {
    const bundles = ['invalidsigpub', 'invalidsigprov'].map((fault) => `supreme-googles-cli-v02-tag-${fault}`);
    expect(await judge('npm', goggles(), bundles.map(npmBundle))).toEqual([
      // Nothing says any more whose publication it is; the certificate says whose provenance it is.
      [],
      ['widget-provenance expected'],
      [published],
      ['widget-provenance expected'],
    ]);
  });

  it('is silent about the packages of others', async () => {
    const others = ['gundam-visor-cli-v1-tag', 'provenance-npm-test-cli-v1-prega', 'provenance-npm-test-ossf'];
    expect(await judge('npm', goggles(), others.map(npmBundle))).toEqual(others.flatMap(() => [[], []]));
  });
});

/** Of the entries of a system's recorded log those with these numbers. */
function recorded(system: string, indexes: readonly number[]): readonly string[] {
  return indexes.map((index) =>
    realdata(`systems/${system}/recorded/v1/entries/${String(index).padStart(3, '0')}.json`),
  );
}

function authorityOf(system: string): Staging {
  const chain = realdata(`systems/${system}/recorded/ca/chain.pem`);
  return { trust: { source: 'none', certificate_authorities: [{ name: 'peers-test', chain }] } };
}

describe.runIf(hasRealdata)('the example key-only on entries that keys signed', () => {
  const USED = '5f3c6f1e0c8b8a4f7d4f0a4cf6a2a7f3c0b1d2e3f405162738495a6b7c8d9e0f';
  const RETIRED = '0d9e8c7b6a5948372615040f3e2d1c0bf3a7a2f64c0a4f7d4f8a8b0c1e6f3c5f';
  const ATTACKER = 'fb71ff1342733a35f81a2c03733ef14f96d61c04d030e9ebd9b2af3b07b77511';

  it.each([
    ['tekton', '7ccdb7d5b19e6ad13cc17819fb3e811f7d635ed66e8273013068fd2cf71cff4f', [0, 1, 2, 3, 4, 5], [11, 12]],
    ['aks', 'b4807d9c228af8074fe4583a63ce69e86ab1026af955834a0db8a73c1e529bc6', [5, 6], [16]],
  ])('%s: expects the key in use, and tells of a retired one that signs again', async (system, key, ours, others) => {
    const files = recorded(system, [...ours, ...others, 7]);
    const used = ours.map(() => ['release-key-2026 expected']);
    expect(await judge('key-only', { names: [[USED, key]] }, files)).toEqual([...used, ...others.map(() => []), []]);
    expect(
      await judge(
        'key-only',
        {
          names: [
            [USED, key],
            [RETIRED, ATTACKER],
          ],
        },
        files,
      ),
    ).toEqual([...used, ...others.map(() => ['release-key-2025 unexpected']), []]);
  });
});

const MAIL = {
  google: realdata('bundles/sigstore__sigstore-python/test/assets/integration/Python-3.12.5.tgz.sigstore'),
  github: realdata('bundles/sigstore__sigstore-python/test/assets/bundle_v3_no_signed_time.txt.sigstore.json'),
};

describe.runIf(hasRealdata)('the example personal-email on entries that people signed', () => {
  it('expects each address by its provider, and observes the domain', async () => {
    const names: Staging['names'] = [
      ['maintainer@acme.example', 'thomas@python.org'],
      ['release@acme.example', 'william@yossarian.net'],
      ['acme.example', 'python.org'],
    ];
    expect(await judge('personal-email', { names }, [MAIL.google, MAIL.github])).toEqual([
      ['maintainer-google expected', 'acme-addresses observed'],
      ['maintainer-github expected'],
    ]);
  });

  it('does not expect the address by another provider', async () => {
    const names: Staging['names'] = [
      ['maintainer@acme.example', 'william@yossarian.net'],
      ['release@acme.example', 'thomas@python.org'],
    ];
    expect(await judge('personal-email', { names }, [MAIL.google, MAIL.github])).toEqual([
      ['maintainer-github unexpected issuer'],
      ['maintainer-google unexpected issuer'],
    ]);
  });

  it('does not take the certificates of another authority for those of the address', async () => {
    const names: Staging['names'] = [['release@acme.example', 'release@example.com']];
    const files = recorded('aks', [8, 14]);
    const staged = { names: [...names, NO_SCT] };
    const chain = stage.write('another-ca.pem', createDemoAuthority({ name: 'peers-test' }).chainPem());
    const other = { source: 'none', certificate_authorities: [{ name: 'another', chain }] };
    expect(await judge('personal-email', { ...staged, trust: other }, files)).toEqual(
      files.map(() => ['maintainer-github forged']),
    );
    expect(await judge('personal-email', { ...staged, ...authorityOf('aks') }, files)).toEqual([
      ['maintainer-github unexpected issuer'],
      ['maintainer-github expected'],
    ]);
  });
});

describe.runIf(hasRealdata)('the example nothing-signs-here on whatever was signed', () => {
  it('tells of every signature in the name of an organisation, releases and attacks, and of no look-alike', async () => {
    const staging: Staging = {
      ...authorityOf('flux'),
      names: [
        ['source_owner: acme\n', 'source_owner: fluxcd\n'],
        ['github.com/acme/', 'github.com/fluxcd/'],
        ["'654321'", "'52158677'"],
      ],
    };
    const ours = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 14, 15];
    const files = recorded('flux', [...ours, 16, 13, 7]);
    expect(await judge('nothing-signs-here', staging, files)).toEqual([
      ...ours.map(() => ['acme-workflows unexpected']),
      ['acme-workflows forged'],
      // fluxcd-io, and a certificate of 2022 that names its source in none of these claims.
      [],
      [],
    ]);
  });

  it('tells of the addresses of a domain', async () => {
    const names: Staging['names'] = [['acme.example', 'python.org']];
    expect(await judge('nothing-signs-here', { names }, [MAIL.google, MAIL.github])).toEqual([
      ['acme-addresses unexpected'],
      [],
    ]);
  });
});
