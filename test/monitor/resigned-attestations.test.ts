import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CertificateRequest } from '../../src/demo/certificate-authority.ts';
import { hashedRekordV1 } from '../../src/demo/entries.ts';
import type { LogSource } from '../../src/log/log.ts';
import { createRekorV1Source } from '../../src/log/rekor-v1/reader.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { certify, releaseAt, STRANGER } from '../support/actors.ts';
import { intotoV002, provenanceV1 } from '../support/attested-entries.ts';
import { MonitorRig, releaseWatch, rule } from '../support/monitor-rig.ts';

const sha256 = (text: string): string => hash('sha256', text, 'hex');

let rig: MonitorRig;
let rekor: RunningFakeRekorV1;
let source: LogSource;

beforeEach(async () => {
  rig = new MonitorRig();
  rig.watches = [releaseWatch({ artifacts: { follow: true, allow: [] } })];
  rekor = await startFakeRekorV1();
  source = createRekorV1Source(
    { name: 'rekor', url: rekor.url, origin: rekor.host, keys: rekor.keys, start: 'genesis' },
    rig.http,
  );
});

afterEach(async () => {
  await rig.close();
  await rekor.close();
});

/** A statement about files of these names, which hold their names. */
const about = (builder: string, ...names: readonly string[]): Buffer =>
  provenanceV1({ builder, subjects: Object.fromEntries(names.map((name) => [name, sha256(name)])) });

async function attest(request: CertificateRequest, payload: Buffer): Promise<void> {
  const index = rekor.active.size;
  rekor.append([intotoV002({ signers: [certify(request)], payload })]);
  rekor.attest(index, payload);
  expect(await rig.poll(source)).toMatchObject([{ kind: 'verified' }]);
}

const release = releaseAt('refs/tags/v1');
const person = (place: number): CertificateRequest => ({ ...STRANGER, subject: `${place}-${STRANGER.subject}` });
const told = () => rig.alerts().map(({ index, kind, artifacts }) => [index, kind, ...artifacts]);

describe('artifacts that others attest', () => {
  it('are told of: a scanner that says something of our image has signed its digest', async () => {
    await attest(release, about('https://ours.example', 'image', 'sbom'));
    await attest(STRANGER, about('https://scanner.example', 'image', 'another', 'sbom'));
    expect(told()).toEqual([[1, 'artifact-resigned', `sha256:${sha256('image')}`]]);
    expect(rig.onlyAlert().summary).toContain('(and 1 more of them in the same entry)');
    // And the digest alone.
    rekor.append([hashedRekordV1({ ...certify(STRANGER), artifact: Buffer.from('sbom') })]);
    await rig.poll(source);
    expect(rig.onlyAlert().occurrences).toBe(2);
    rig.watches = [releaseWatch({ artifacts: { follow: true, allow: [[rule('subject', STRANGER.subject)]] } })];
    await attest(STRANGER, about('https://scanner.example', 'sbom'));
    expect(rig.onlyAlert().occurrences).toBe(2);
  });

  it('are not, where the statement is another one than was signed', async () => {
    await attest(release, about('https://ours.example', 'image'));
    const payload = about('https://scanner.example', 'image');
    rekor.append([intotoV002({ signers: [certify(STRANGER)], payload: about('https://scanner.example', 'other') })]);
    rekor.attest(1, payload);
    await rig.poll(source);
    expect(told()).toEqual([]);
  });

  it('are told of beside one that many attest, in whatever order they stand', async () => {
    await attest(release, about('https://ours.example', 'base', 'image'));
    for (let place = 0; place < 12; place += 1) {
      await attest(person(place), about('https://theirs.example', 'base'));
    }
    expect(told()).toHaveLength(11);
    await attest(person(12), about('https://theirs.example', 'base', 'image'));
    expect(told().slice(11)).toEqual([[13, 'artifact-resigned', `sha256:${sha256('image')}`]]);
    await attest(person(11), about('https://theirs.example', 'base'));
    expect(told()).toHaveLength(12);
  });

  it('count only where the log signed when it took the entry', async () => {
    await attest(release, about('https://ours.example', 'image'));
    rekor.append([
      hashedRekordV1({ ...certify(STRANGER), artifact: Buffer.from('image') }),
      hashedRekordV1({ ...certify(STRANGER), artifact: Buffer.from('another') }),
    ]);
    rekor.badTimestamp(1);
    expect(await rig.poll(source)).toMatchObject([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert()).toMatchObject({ class: 'log', kind: 'bad-signature' });
    rekor.heal();
    expect(await rig.poll(source)).toMatchObject([{ kind: 'verified' }]);
    expect(told().slice(1)).toMatchObject([[1, 'artifact-resigned', `sha256:${sha256('image')}`]]);
  });
});
