import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashedRekordV1 } from '../../src/demo/entries.ts';
import type { LogSource } from '../../src/log/log.ts';
import { createRekorV1Source } from '../../src/log/rekor-v1/reader.ts';
import type { ClaimRule } from '../../src/policy/watch.ts';
import { RETRIEVE, startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { certify, fillers, releaseAt, STRANGER } from '../support/actors.ts';
import { BUILDER, intotoV001, intotoV002, provenanceV1, WIDGET_DIGEST } from '../support/attested-entries.ts';
import { MonitorRig, releaseWatch, rule } from '../support/monitor-rig.ts';

const EVIL = 'https://evil.example/builder';
const release = certify(releaseAt('refs/tags/v1'));
const stranger = certify(STRANGER);
const payload = provenanceV1();
const altered = provenanceV1({ builder: EVIL });

let rig: MonitorRig;
let rekor: RunningFakeRekorV1;
let source: LogSource;

beforeEach(async () => {
  rig = new MonitorRig();
  rekor = await startFakeRekorV1();
  source = createRekorV1Source(
    { name: 'rekor', url: rekor.url, origin: rekor.host, keys: rekor.keys, start: 'genesis' },
    rig.http,
  );
  watch(rule('slsa_builder', BUILDER));
});

afterEach(async () => {
  await rig.close();
  await rekor.close();
});

const watch = (...expected: readonly ClaimRule[]) => {
  rig.watches = [releaseWatch({ expect: expected })];
};
const attested = (bytes = payload) => intotoV002({ signers: [release], payload: bytes });
const verified = () => [{ kind: 'verified', size: rekor.active.size }];
const identity = () => rig.alerts().filter((alert) => alert.class === 'identity');
const entries = () => rig.rows('SELECT idx, extra, time_signed FROM entries ORDER BY idx');
const signers = () =>
  rig
    .rows<{ signer: string }>('SELECT signer FROM findings ORDER BY entry')
    .map(({ signer }) => JSON.parse(signer) as Readonly<Record<string, unknown>>);

describe('passOverSource() over a Rekor v1 log that stores attestations', () => {
  it('judges by the statement that was signed, and keeps it', async () => {
    rekor.append([...fillers(3), attested(), ...fillers(2, 3)]);
    rekor.attest(3, payload);
    expect(await rig.poll(source)).toEqual(verified());
    expect(rig.verdicts()).toEqual(['3 widget-release expected']);
    expect(signers()).toMatchObject([
      {
        signature: 'verified',
        slsa_builder: BUILDER,
        build_type: 'https://tekton.dev/chains/v2/slsa',
        predicate_type: 'https://slsa.dev/provenance/v1',
        source_uri: 'git+https://git.example/acme/widget.git',
        subject_name: 'registry.example/acme/widget',
      },
    ]);
    const artifacts = [`sha256:${hash('sha256', payload, 'hex')}`, `sha256:${WIDGET_DIGEST}`];
    expect(rig.rows('SELECT artifacts FROM entries')).toEqual([{ artifacts: JSON.stringify(artifacts) }]);
    expect(entries()).toEqual([{ idx: 3, extra: payload, time_signed: 1 }]);
    expect(rig.alerts()).toEqual([]);
  });

  it('tells of a builder that is not the expected one', async () => {
    rekor.append([attested(altered)]);
    rekor.attest(0, altered);
    await rig.poll(source);
    expect(rig.onlyAlert()).toMatchObject({
      class: 'identity',
      kind: 'unexpected',
      title: `widget-release: unexpected slsa_builder ${EVIL} signed by acme/widget release.yml`,
      violations: [{ claim: 'slsa_builder', expected: BUILDER, found: EVIL }],
    });
  });

  it('finds who is watched by what was attested', async () => {
    rig.watches = [
      releaseWatch({ select: [[rule('artifact', `sha256:${WIDGET_DIGEST}`)]], expect: 'none' }),
      releaseWatch({ name: 'ours', select: [[rule('subject_name', 'registry.example/acme/*')]], expect: 'none' }),
    ];
    rekor.append([intotoV001({ ...stranger, payload }), attested()]);
    rekor.attest(0, payload);
    await rig.poll(source);
    expect(rig.verdicts()).toEqual(['0 ours unexpected', '0 widget-release unexpected']);
  });

  it.each([
    ['none', undefined],
    ['null', null],
    ['one without data', {}],
    ['data that is null', { data: null }],
    ['data that is no text', { data: 7 }],
    ['data that is no base64', { data: '%' }],
    ['data of the URL alphabet', { data: '-_-_' }],
    ['nothing in it', { data: '' }],
    ['a text', 'attestation'],
    ['more than is taken', { data: Buffer.alloc(8 * 1024 * 1024 + 3).toString('base64') }],
  ])('has no claims of it where %s is served, says why, and accuses nobody', async (_, attestation) => {
    rekor.append([...fillers(2), attested(), ...fillers(1, 2)]);
    rekor.serveAttestation(2, attestation);
    expect(await rig.poll(source)).toEqual(verified());
    expect(rig.onlyAlert()).toMatchObject({
      kind: 'unexpected',
      violations: [{ claim: 'slsa_builder', expected: BUILDER, found: null }],
    });
    expect(rig.onlyAlert().summary).toContain(
      `slsa_builder: expected ${BUILDER}, the claim is absent: the log served no attestation with this entry.`,
    );
    expect(entries()).toEqual([{ idx: 2, extra: null, time_signed: 1 }]);
  });

  it('believes nothing of one that was exchanged, tells it once for the log, and goes on', async () => {
    rekor.append([attested(), ...fillers(1), intotoV001({ ...release, payload })]);
    rekor.attest(0, altered);
    rekor.attest(2, altered);
    expect(await rig.poll(source)).toEqual(verified());
    expect(rig.verdicts()).toEqual(['0 widget-release unexpected', '2 widget-release unexpected']);
    expect(JSON.stringify(signers())).not.toContain('evil');
    expect(identity()[0]?.summary).toContain(
      'the claim is absent: the attestation served is not the one that was logged.',
    );

    const told = rig.onlyAlert('entry-mismatch');
    expect(told).toMatchObject({
      class: 'log',
      severity: 'critical',
      title: `The attestation that ${rekor.origin} serves with entry 0 is not the one that was logged`,
      log: rekor.origin,
      index: 0,
      lastIndex: 2,
      occurrences: 2,
      dedupeKey: `log/${rekor.origin}/attestation`,
      evidence: {
        kind: 'entry-mismatch',
        signed: false,
        served: { sha256: hash('sha256', altered, 'hex'), excerpt: expect.stringContaining(EVIL) as string },
      },
    });
    const hashes = [altered, payload].map((bytes) => `sha256:${hash('sha256', bytes, 'hex')}`);
    expect(told.summary).toContain(`The attestation served hashes to ${hashes.join(', expected ')}.`);
    expect(rig.rows(`SELECT count(*) AS sent FROM deliveries WHERE alert = '${told.id}'`)).toEqual([{ sent: 1 }]);
    expect(rig.log(rekor.origin)).toMatchObject({ state: 'verified', verified_size: 3 });
    expect(entries()).toMatchObject([{ extra: null }, { extra: null }]);
  });

  it('does not change the verdict of a watch that asks for nothing that was attested', async () => {
    watch(rule('builder', 'acme/widget/.github/workflows/release.yml@refs/tags/v*'));
    rekor.append([attested()]);
    rekor.attest(0, altered);
    await rig.poll(source);
    expect(rig.verdicts()).toEqual(['0 widget-release expected']);
    expect(rig.onlyAlert().kind).toBe('entry-mismatch');
  });

  it('looks once more, past every cache, before it tells', async () => {
    rekor.append([...fillers(12), attested(), ...fillers(3, 12)]);
    // A cache exchanges it, and is not asked again.
    let fresh = false;
    rekor.before((asked) => {
      fresh = RETRIEVE.test(asked) && rekor.cacheControls.length > 0;
      return null;
    });
    rekor.changeEntry(12, (entry) => ({
      ...entry,
      attestation: { data: (fresh ? payload : altered).toString('base64') },
    }));
    await rig.poll(source);
    expect(rig.verdicts()).toEqual(['12 widget-release expected']);
    expect(rig.alerts()).toEqual([]);
    expect(entries()).toEqual([{ idx: 12, extra: payload, time_signed: 1 }]);
  });

  it('tells of it also where it is missing when asked again', async () => {
    rekor.append([attested()]);
    rekor.changeEntry(0, (entry) =>
      rekor.cacheControls.length > 0 ? entry : { ...entry, attestation: { data: altered.toString('base64') } },
    );
    await rig.poll(source);
    expect(rig.alerts().map(({ kind }) => kind)).toEqual(expect.arrayContaining(['entry-mismatch', 'unexpected']));
  });

  it('neither believes nor tells where the entry records no hash of it', async () => {
    rekor.append([intotoV001({ ...release, payload, payloadHash: false })]);
    rekor.attest(0, payload);
    await rig.poll(source);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'unexpected', violations: [{ claim: 'slsa_builder', found: null }] });
    expect(rig.onlyAlert().summary).toContain('the entry records no hash of what was signed');
    expect(entries()).toEqual([{ idx: 0, extra: null, time_signed: 1 }]);
  });

  it('does not mind what is served beside entries that nobody watches', async () => {
    rekor.append([intotoV002({ signers: [stranger], payload }), hashedRekordV1({ ...stranger, artifact: payload })]);
    rekor.attest(0, altered);
    rekor.attest(1, altered);
    expect(await rig.poll(source)).toEqual(verified());
    expect(rig.alerts()).toEqual([]);
  });

  it('calls a signature forged that is not over what was attested', async () => {
    const other = provenanceV1({ builder: 'https://other.example' });
    const leaf = attested()
      .toString()
      .replace(hash('sha256', payload, 'hex'), hash('sha256', other, 'hex'));
    rekor.append([Buffer.from(leaf)]);
    rekor.attest(0, other);
    await rig.poll(source);
    expect(rig.onlyAlert()).toMatchObject({
      kind: 'forged',
      severity: 'critical',
      title: 'widget-release: forged signature: it does not verify under the certificate of acme/widget release.yml',
    });
  });
});

describe('passOverSource() over a Rekor v1 log that signs other times than it serves', () => {
  const held = () => rig.log(rekor.origin);

  it('holds its position at an entry that is watched, tells it, and heals by itself', async () => {
    rekor.append(fillers(10));
    await rig.poll(source);
    rekor.append([...fillers(4, 10), attested(), ...fillers(5, 14)]);
    rekor.attest(14, payload);
    rekor.badTimestamp(14);
    expect(await rig.poll(source)).toEqual([{ kind: 'misbehaving' }]);
    expect(held()).toMatchObject({ state: 'misbehaving', examined_size: 10, verified_size: 10 });
    expect(held().last_error).toContain(
      `Cannot trust entry 14 of "${rekor.origin}": no key of the log signed its entry timestamp`,
    );
    expect(rig.verdicts()).toEqual([]);
    expect(rig.onlyAlert()).toMatchObject({
      class: 'log',
      kind: 'bad-signature',
      evidence: { signed: false, served: { excerpt: expect.stringContaining('"logIndex":14') as string } },
    });

    rekor.heal();
    rekor.attest(14, payload);
    expect(await rig.poll(source)).toEqual(verified());
    expect(held()).toMatchObject({ state: 'verified', verified_size: 20 });
    expect(rig.verdicts()).toEqual(['14 widget-release expected']);
    expect(rig.alerts()).toHaveLength(1);
  });

  it('looks once more, past every cache, before it tells', async () => {
    rekor.append([attested(), ...fillers(3)]);
    rekor.attest(0, payload);
    rekor.changeEntry(0, (entry) => {
      const lie = { ...entry, integratedTime: entry.integratedTime + 1 };
      return rekor.cacheControls.length > 0 ? entry : lie;
    });
    expect(await rig.poll(source)).toEqual(verified());
    expect(rig.alerts()).toEqual([]);
  });

  it('goes on past one that nobody watches', async () => {
    rekor.append([...fillers(2), intotoV002({ signers: [stranger], payload }), attested(), ...fillers(3, 2)]);
    rekor.attest(3, payload);
    rekor.badTimestamp(2);
    expect(await rig.poll(source)).toEqual(verified());
    expect(rig.verdicts()).toEqual(['3 widget-release expected']);
    expect(rig.alerts()).toEqual([]);
  });
});
