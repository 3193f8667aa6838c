import { describe, expect, it } from 'vitest';
import { useAttackStage } from '../support/attack-bench.ts';
import { entryFixture, readEntry } from '../support/entry-fixtures.ts';
import { BOTH } from '../support/log-sites.ts';
import { ARTIFACTS } from '../support/scenes/artifacts.ts';
import { FORGED } from '../support/scenes/forged.ts';
import { BUILDER_USERS, BUILDERS, KEYS, REGISTERED } from '../support/scenes/owners.ts';
import { SILENT } from '../support/operator.ts';
import { playScene } from '../support/scenes/scene.ts';

// Rows 7, 8, 10, 11 and 12 of what must be caught: somebody else signs in our name, with our key, or what is ours. What else there is
// to say of certificates that nobody trusts is in test/forged.e2e.test.ts.

describe.each(BOTH)('others, in a %s log', (_, start) => {
  const at = useAttackStage(start);

  it('are told where they registered our names anew', async () => {
    await playScene(at.stage, REGISTERED);
    expect((await at.stage.alerts())[0]?.violations).toEqual([
      { claim: 'source_repository_id', expected: '777001', found: '999001' },
      { claim: 'source_owner_id', expected: '654321', found: '999002' },
    ]);
  });

  it('are told where they build our source', async () => {
    await playScene(at.stage, BUILDERS);
    expect(await at.stage.alerts()).toMatchObject([
      {
        violations: [{ found: 'https://github.com/evil/actions/.github/workflows/release.yml@refs/tags/v1' }],
        signer: { source_repository: 'https://github.com/acme/builders' },
      },
    ]);
    // Who uses our builder is no concern of this watch.
    expect(await at.stage.verdicts()).toHaveLength(6);
  });

  it('are told where they use our builder only if that is asked for', async () => {
    await playScene(at.stage, BUILDER_USERS);
  });

  it('are told quietly where they certify themselves', async () => {
    await playScene(at.stage, FORGED);
    expect(await at.stage.alerts()).toMatchObject([{ signer: { chain: 'untrusted' }, links: { run: null } }]);
  });

  it('are told where they sign with a key that is retired', async () => {
    await playScene(at.stage, KEYS);
    expect(await at.stage.verdicts()).toEqual([
      '0 keys expected',
      '1 keys expected',
      '3 keys unexpected',
      '4 keys unexpected',
    ]);
  });

  it('are told where they sign with a key of PGP that is retired', async () => {
    const { stage } = at;
    const [retired, current] = [entryFixture('rekord-pgp-rsa'), entryFixture('rekord-pgp-ed25519')];
    const fingerprint = (body: Buffer): string => readEntry(body).signers[0]?.fingerprint ?? '';
    stage.configure(`
  - name: pgp
    select: [{ key: [${fingerprint(retired)}, ${fingerprint(current)}] }]
    expect: { key: ${fingerprint(current)}, kind: rekord }
`);
    stage.site.append([current, entryFixture('rekord-ssh-ed25519')]);
    expect(await stage.run()).toEqual(SILENT);
    stage.site.append([retired]);
    const told = 'high unexpected pgp key';
    expect(await stage.run()).toEqual({ exit: 1, alerts: [told], slack: [told], mail: [told] });
    expect((await stage.alerts())[0]?.violations).toEqual([
      { claim: 'key', expected: fingerprint(current), found: fingerprint(retired) },
    ]);
  });

  it('are told where they sign what is ours: quietly, and loudly where they imitate us', async () => {
    await playScene(at.stage, ARTIFACTS);
    const alerts = await at.stage.alerts();
    expect(alerts.map(({ signer, artifacts }) => [signer?.['source_owner'], artifacts])).toEqual(
      ['globex', 'acrne-tools', 'acme-tool5', 'downstream-packages'].map((owner) => [
        `https://github.com/${owner}`,
        [expect.stringMatching(/^sha256:[0-9a-f]{64}$/)],
      ]),
    );
    const loud = alerts.filter(({ severity }) => severity === 'high');
    expect(loud.map(({ summary }) => /It imitates .*/.exec(summary)?.[0])).toEqual([
      'It imitates a signer of this watch: github.com/acrne-tools reads like github.com/acme-tools.',
      'It imitates a signer of this watch: github.com/acme-tool5 is one letter from github.com/acme-tools.',
    ]);
  });
});
