import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judgeByAttestations } from '../../src/monitor/judge-again.ts';
import { startFakeGithub, type FakeGithub } from '../fakes/fake-github.ts';
import { certify, fillers, forger, releaseAt, STRANGER } from '../support/actors.ts';
import {
  BUILDER,
  builtWatch,
  bundleOf,
  digestOf,
  envelopeOf,
  historyOf,
  provenance,
  snappyOf,
  verdictsOf,
} from '../support/attestations.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER, releaseWatch, rule } from '../support/monitor-rig.ts';

const TAG = 'refs/tags/v1.0.0';
const MINUTE = 60_000;
const REPOSITORY = 'acme/widget';
const WIDGET = digestOf('widget');
const SBOM = JSON.stringify({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'widget.tar.gz', digest: { sha256: WIDGET.slice('sha256:'.length) } }],
  predicateType: 'https://spdx.dev/Document',
  predicate: {},
});
let rig: MonitorRig;
let site: LogSite;
let github: FakeGithub;

beforeEach(async () => {
  rig = new MonitorRig();
  github = await startFakeGithub();
  rig.watches = [builtWatch({ kind: 'github', url: github.url, token: 'secret-token' })];
});

afterEach(async () => {
  await rig.close();
  await Promise.all([site.close(), github.close()]);
});

async function poll(...leaves: readonly Buffer[]): Promise<void> {
  site.append(leaves);
  const [outcome] = await rig.poll(site.source(rig.http));
  expect(outcome).toMatchObject({ kind: 'verified' });
}

/** Lets so much time pass, and looks what is due. */
async function later(minutes: number): Promise<void> {
  rig.now = new Date(rig.now.getTime() + minutes * MINUTE);
  await judgeByAttestations(rig.deps(), NEVER);
}

function alerts(): readonly string[] {
  return rig.alerts().map(({ kind, state, occurrences }) => `${kind} ${state} ${occurrences}`);
}

function waiting(): number {
  return rig.rows('SELECT 1 FROM doubtful').length;
}

describe.each(BOTH)('what a %s log holds no attestation of', (_, start) => {
  beforeEach(async () => {
    site = await start();
    site.append(fillers(3));
  });

  it('is judged by the one at the API, asked by digest and with the token', async () => {
    const signer = certify(releaseAt(TAG));
    github.publish(REPOSITORY, WIDGET, { bundle: bundleOf(provenance(WIDGET), certify(releaseAt(TAG))) });
    await poll(site.entry(signer));
    expect(verdictsOf(rig)).toEqual(['3 expected']);
    expect(historyOf(rig)[0]?.signer).toMatchObject({
      slsa_builder: BUILDER,
      predicate_type: 'https://slsa.dev/provenance/v1',
      subject_name: 'widget.tar.gz',
    });
    expect([alerts(), waiting()]).toEqual([[], 0]);
    expect(github.requests).toHaveLength(1);
    const [{ path, query, headers } = { path: '', query: new URLSearchParams(), headers: {} }] = github.requests;
    expect(path).toBe(`/repos/acme/widget/attestations/${WIDGET}`);
    expect(query.get('per_page')).toBe('100');
    expect(headers).toMatchObject({
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
      authorization: 'Bearer secret-token',
    });
  });

  it('is told where the attestation names another builder', async () => {
    const evil = provenance(WIDGET, 'https://evil.example/builder');
    github.publish(REPOSITORY, WIDGET, { bundle: bundleOf(evil, certify(releaseAt(TAG))) });
    await poll(site.entry(certify(releaseAt(TAG))));
    expect(verdictsOf(rig)).toEqual(['3 unexpected slsa_builder=https://evil.example/builder']);
    expect(alerts()).toEqual(['unexpected open 1']);
  });

  it('is told where one of several attestations names another builder', async () => {
    const bundles = [BUILDER, 'https://evil.example/builder'].map((builder) => ({
      bundle: bundleOf(provenance(WIDGET, builder), certify(releaseAt(TAG))),
    }));
    github.pageSize = 1;
    github.publish(REPOSITORY, WIDGET, ...bundles);
    await poll(site.entry(certify(releaseAt(TAG))));
    expect(verdictsOf(rig)).toEqual(['3 unexpected slsa_builder=https://evil.example/builder']);
    expect(github.requests.map(({ query }) => query.get('after'))).toEqual([null, '1']);
  });

  it('is unverifiable and told to nobody until it comes', async () => {
    await poll(site.entry(certify(releaseAt(TAG))));
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
    expect(historyOf(rig)[0]?.signer.chain).toBe('trusted');
    expect([alerts(), waiting()]).toEqual([[], 1]);
    await later(0.9);
    expect(github.requests).toHaveLength(1);
    await later(0.1);
    expect(github.requests).toHaveLength(2);
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
    github.publish(REPOSITORY, WIDGET, { bundle: bundleOf(provenance(WIDGET), certify(releaseAt(TAG))) });
    rig.reopen();
    await later(1);
    expect(verdictsOf(rig)).toEqual(['3 expected']);
    expect([alerts(), waiting()]).toEqual([[], 0]);
  });

  it('is told when what comes is not what is expected', async () => {
    await poll(site.entry(certify(releaseAt(TAG))));
    const evil = provenance(WIDGET, 'https://evil.example/builder');
    github.publish(REPOSITORY, WIDGET, { bundle: bundleOf(evil, certify(releaseAt(TAG))) });
    await later(1);
    expect(verdictsOf(rig)).toEqual(['3 unexpected slsa_builder=https://evil.example/builder']);
    expect(alerts()).toEqual(['unexpected open 1']);
    await later(60);
    expect(alerts()).toEqual(['unexpected open 1']);
  });

  it('is told without it after an hour, having asked ever more seldom', async () => {
    await poll(site.entry(certify(releaseAt(TAG))));
    for (let minute = 0; minute < 59; minute += 1) {
      await later(1);
    }
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
    // At 0, 1, 2, 4, 8, 16 and 32 minutes.
    expect(github.requests).toHaveLength(7);
    await later(1);
    expect(github.requests).toHaveLength(8);
    expect(verdictsOf(rig)).toEqual(['3 unexpected slsa_builder=null']);
    expect([alerts(), waiting()]).toEqual([['unexpected open 1'], 0]);
    expect(rig.onlyAlert().summary).toContain(
      `\nAn attestation was looked for at ${github.url}: it is not there.\nWhat to do now: `,
    );
    expect(rig.lines).toContainEqual(
      expect.objectContaining({ msg: 'attestation not found', place: github.url, watch: 'widget-release', index: 3 }),
    );
  });

  it('is told at once where something else fails, and asked for by nobody then', async () => {
    await poll(site.entry(certify(releaseAt('refs/heads/evil'))));
    expect(verdictsOf(rig)[0]).toMatch(/^3 unexpected builder=/);
    expect(alerts()).toEqual(['unexpected open 1']);
    expect(github.requests).toEqual([]);
  });

  it('is asked for by nobody for who is not trusted, not watched, or expects nothing of it', async () => {
    await poll(site.entry(certify(releaseAt(TAG), forger)), site.entry(certify(STRANGER)));
    rig.watches = [releaseWatch({ attestations: { kind: 'github', url: github.url, token: null } })];
    await poll(site.entry(certify(releaseAt(TAG))));
    expect(verdictsOf(rig)).toEqual(['3 forged', '5 expected']);
    expect(github.requests).toEqual([]);
  });

  it.each([
    ['by a stranger', () => bundleOf(provenance(WIDGET), certify(STRANGER))],
    ['by a forger', () => bundleOf(provenance(WIDGET), certify(releaseAt(TAG), forger))],
    [
      'by another repository',
      () => {
        const { claims, ...request } = releaseAt(TAG);
        const other = { ...claims, source_repository: 'https://github.com/acme/other' };
        return bundleOf(provenance(WIDGET), certify({ ...request, claims: other }));
      },
    ],
    [
      'by a repository of the same name and another id',
      () => {
        const { claims, ...request } = releaseAt(TAG);
        return bundleOf(provenance(WIDGET), certify({ ...request, claims: { ...claims, source_repository_id: '2' } }));
      },
    ],
    ['about something else', () => bundleOf(provenance(digestOf('gadget')), certify(releaseAt(TAG)))],
    ['under a signature of something else', () => altered(bundleOf(provenance(WIDGET, 'x'), certify(releaseAt(TAG))))],
    ['without a certificate', () => envelopeOf(provenance(WIDGET), certify(releaseAt(TAG)))],
    ['without a signature', () => ({ ...bundleOf(provenance(WIDGET), certify(releaseAt(TAG))), dsseEnvelope: {} })],
    ['that is nothing', () => 7],
  ])('does not believe a statement %s', async (_what, bundle) => {
    github.publish(REPOSITORY, WIDGET, { bundle: bundle() });
    await poll(site.entry(certify(releaseAt(TAG))));
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
    await later(60);
    expect(verdictsOf(rig)).toEqual(['3 unexpected slsa_builder=null']);
  });

  it('waits on where what is there says something else, and is judged by all that comes', async () => {
    github.publish(REPOSITORY, WIDGET, { bundle: bundleOf(Buffer.from(SBOM), certify(releaseAt(TAG))) });
    await poll(site.entry(certify(releaseAt(TAG))));
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
    github.publish(REPOSITORY, WIDGET, { bundle: bundleOf(provenance(WIDGET), certify(releaseAt(TAG))) });
    await later(1);
    expect(verdictsOf(rig)).toEqual(['3 expected']);
    expect(historyOf(rig)[0]?.signer['predicate_type']).toEqual([
      'https://spdx.dev/Document',
      'https://slsa.dev/provenance/v1',
    ]);
  });

  it('is told at once where a key has no repository to ask by', async () => {
    const { privateKey } = certify(releaseAt(TAG));
    const [watch] = rig.watches;
    rig.watches = watch ? [{ ...watch, select: [[rule('key', '*')]], expect: [rule('slsa_builder', BUILDER)] }] : [];
    await poll(site.entry({ privateKey }));
    expect(verdictsOf(rig)).toEqual(['3 unexpected slsa_builder=null']);
    expect(rig.onlyAlert().summary).toContain(`${github.url}: the signer has no source_repository at GitHub.`);
    expect(github.requests).toEqual([]);
  });

  it('reads a bundle that lies elsewhere, compressed, and shows no token there', async () => {
    const bundle = Buffer.from(JSON.stringify(bundleOf(provenance(WIDGET), certify(releaseAt(TAG)))));
    github.publish(REPOSITORY, WIDGET, { bundle: null, bundle_url: github.store('1.json.sn', snappyOf(bundle)) });
    await poll(site.entry(certify(releaseAt(TAG))));
    expect(verdictsOf(rig)).toEqual(['3 expected']);
    expect(github.requests.map(({ path }) => path)).toEqual([
      `/repos/acme/widget/attestations/${WIDGET}`,
      '/blobs/1.json.sn',
    ]);
    expect(github.requests[1]?.headers['authorization']).toBeUndefined();
  });

  it.each<[string, (fake: FakeGithub) => void]>([
    [
      'is overloaded',
      (fake) => {
        fake.answer((__, response) => response.writeHead(502).end());
      },
    ],
    [
      'refuses the token',
      (fake) => {
        fake.answer((__, response) => response.writeHead(401).end());
      },
    ],
    [
      'hangs up',
      (fake) => {
        fake.answer((request) => request.socket.destroy());
      },
    ],
    [
      'fails',
      (fake) => {
        fake.answer((__, response) => response.writeHead(500).end());
      },
    ],
  ])('waits as long as it takes while the API %s, tells that, and goes on reading', async (_what, fail) => {
    fail(github);
    await poll(site.entry(certify(releaseAt(TAG))));
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
    await later(14);
    expect(alerts()).toEqual([]);
    await later(16);
    expect(alerts()).toEqual(['unreachable open 1']);
    expect(rig.onlyAlert()).toMatchObject({ title: expect.stringContaining(github.url) as string, log: null });
    expect(JSON.stringify(rig.alerts())).not.toMatch(/sig=key|secret-token/);
    await later(60);
    expect([verdictsOf(rig), alerts()]).toEqual([['3 unverifiable slsa_builder=null'], ['unreachable open 1']]);

    github.answer(null);
    github.withdraw();
    github.publish(REPOSITORY, WIDGET, { bundle: bundleOf(provenance(WIDGET), certify(releaseAt(TAG))) });
    await later(10);
    expect([verdictsOf(rig), alerts()]).toEqual([['3 expected'], ['unreachable closed 1']]);
  });

  it.each<[string, (fake: FakeGithub) => void]>([
    [
      'answers garbage',
      (fake) => {
        fake.answer((__, response) => response.end('<html>'));
      },
    ],
    [
      'answers something else',
      (fake) => {
        fake.answer((__, response) => response.end('{"attestations":{}}'));
      },
    ],
    [
      'answers without end',
      (fake) => {
        fake.answer((__, response) => response.writeHead(200, { 'content-length': String(2 ** 31) }).end('x'));
      },
    ],
    [
      'redirects',
      (fake) => {
        fake.answer((__, response) => response.writeHead(301, { location: '/x' }).end());
      },
    ],
    [
      'points at a blob that is none',
      (fake) => {
        fake.publish(REPOSITORY, WIDGET, { bundle: null, bundle_url: fake.store('x', Buffer.from('junk')) });
      },
    ],
    [
      'points at another protocol',
      (fake) => {
        fake.publish(REPOSITORY, WIDGET, { bundle: null, bundle_url: 'file:///etc/passwd' });
      },
    ],
    [
      'does not take the digest',
      (fake) => {
        fake.answer((__, response) => response.writeHead(422).end());
      },
    ],
  ])(
    'is told after an hour, and by which claim, where the API %s: who may publish there cannot have it awaited for ever',
    async (_what, fail) => {
      fail(github);
      await poll(site.entry(certify(releaseAt(TAG))));
      await later(30);
      expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
      await later(31);
      expect(verdictsOf(rig)).toEqual(['3 unexpected slsa_builder=null']);
      const told = rig.alerts().find(({ kind }) => kind === 'unexpected');
      expect(told).toMatchObject({ severity: 'critical', summary: expect.stringContaining(github.url) as string });
      expect(JSON.stringify(rig.alerts())).not.toMatch(/sig=key|secret-token/);
    },
  );
});

function altered(bundle: ReturnType<typeof bundleOf>) {
  return { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload: provenance(WIDGET).toString('base64') } };
}
