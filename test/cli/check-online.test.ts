import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkCommand } from '../../src/cli/check.ts';
import { createConfigFolder, type ConfigFolder } from '../config/config-folder.ts';
import { startFakeLog, type RunningFakeLog } from '../fakes/fake-log.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { fillers } from '../support/actors.ts';
import { captureIo } from './captured-io.ts';

let folder: ConfigFolder;
let log: RunningFakeLog;
let rekor: RunningFakeRekorV1;

beforeAll(() => {
  folder = createConfigFolder();
});

beforeEach(async () => {
  log = await startFakeLog();
  rekor = await startFakeRekorV1();
  log.append(fillers(7));
  rekor.append(fillers(3));
  rekor.rollOver({ sameKey: true });
  folder.write('log.pub', log.publicKeyPem);
  folder.write('rekor.pub', rekor.publicKeyPem);
});

afterEach(async () => {
  await Promise.all([log.close(), rekor.close()]);
});

afterAll(() => {
  folder.remove();
});

/** A configuration that follows both. */
function config(logs = '', trust = '{ source: none }'): string {
  return `
version: 1
trust: ${trust}
watches: [{ name: w, select: [{ key: k }] }]
logs:
  custom:
    - { name: new, type: rekor-v2, url: ${log.url}, origin: ${log.origin}, public_key: log.pub }
    - { name: old, type: rekor-v1, url: ${rekor.url}, origin: ${rekor.host}, public_key: rekor.pub }
  ${logs}
`;
}

async function check(yaml: string, json = false): Promise<{ status: number; out: string; err: string }> {
  const io = { ...captureIo(), signal: new AbortController().signal };
  const status = await checkCommand(folder.write('sigwatch.yaml', yaml), {}, io, { json, online: true });
  const [out, err] = [io.out(), io.err()].map((text) => text.replaceAll(folder.path, 'DIR'));
  return { status, out: out ?? '', err: err ?? '' };
}

async function checkJson(yaml: string): Promise<{ status: number; printed: unknown }> {
  const { status, out } = await check(yaml, true);
  return { status, printed: JSON.parse(out) };
}

const GONE = 'http://127.0.0.1:9';

describe('checkCommand() online', () => {
  it('names each log with the size of its verified checkpoint', async () => {
    const [first, second] = rekor.shards.map(({ origin }) => origin);
    expect(await check(config())).toEqual({
      status: 0,
      out: [
        `ok: ${log.origin} (new) at ${log.url}: size 7`,
        `ok: ${String(first)} (old) at ${rekor.url}: size 3`,
        `ok: ${String(second)} (old) at ${rekor.url}: size 0`,
        'DIR/sigwatch.yaml is good\n',
      ].join('\n'),
      err: '',
    });
  });

  it('prints the same as JSON', async () => {
    const shards = rekor.shards.map(({ origin, size }) => ({
      name: 'old',
      origin,
      url: rekor.url,
      ok: true,
      size,
      error: null,
    }));
    expect(await checkJson(config())).toEqual({
      status: 0,
      printed: {
        ok: true,
        errors: [],
        warnings: [],
        logs: [{ name: 'new', origin: log.origin, url: log.url, ok: true, size: 7, error: null }, ...shards],
        trust: { ok: true, error: null },
      },
    });
  });

  it('asks a log at its further addresses as well, and ends with 3 when one cannot be reached', async () => {
    const { status, printed } = await checkJson(config(`override: { ${log.origin}: { also: [${GONE}] } }`));
    const error = expect.stringContaining(`Cannot fetch "${GONE}`) as string;
    expect(status).toBe(3);
    expect(printed).toMatchObject({
      ok: false,
      logs: [
        { origin: log.origin, url: log.url, ok: true },
        { origin: log.origin, url: GONE, ok: false, size: null, error },
        { ok: true },
        { ok: true },
      ],
    });
  });

  it('goes on with the others when a server does not answer', async () => {
    rekor.failWith(500);
    const { status, out } = await check(config());
    expect(status).toBe(3);
    expect(out).toContain(`ok: ${log.origin} (new) at ${log.url}: size 7\n`);
    expect(out).toContain(
      `problem: ${rekor.host} (old) at ${rekor.url}: Cannot fetch "${rekor.url}/api/v1/log": status 500`,
    );
  });

  it('ends with 3 when a checkpoint is not signed by the key of the log', async () => {
    folder.write('log.pub', rekor.publicKeyPem);
    const { status, out } = await check(config());
    expect(status).toBe(3);
    expect(out).toContain(`problem: ${log.origin} (new) at ${log.url}: Cannot trust checkpoint of "${log.origin}"`);
  });

  it('leaves out what is not enabled', async () => {
    const [first] = rekor.shards;
    const { printed } = await checkJson(
      config(`override: { ${log.origin}: { enabled: false }, ${first.origin}: { enabled: false } }`),
    );
    expect(printed).toMatchObject({ logs: [{ origin: rekor.active.origin }] });
  });

  it('says which overrides are of no log, once it knows which there are', async () => {
    const { status, printed } = await checkJson(config('override: { nobody.test: { enabled: false } }'));
    expect(status).toBe(0);
    expect(printed).toMatchObject({ warnings: [{ path: 'logs.override["nobody.test"]', rule: 'unknown-override' }] });
  });

  it('says when the trust source cannot be reached, and reaches the other logs', async () => {
    folder.write('root.json', '{"signed":{"_type":"root"},"signatures":[]}');
    const { status, printed } = await checkJson(config('', `{ source: { tuf: "${GONE}", root: root.json } }`));
    expect(status).toBe(3);
    expect(printed).toMatchObject({
      ok: false,
      trust: { ok: false },
      logs: [{ ok: true }, { ok: true }, { ok: true }],
    });
  });

  it('reaches nothing when the configuration cannot be used', async () => {
    const { status, printed } = await checkJson(config('poll: 1s'));
    expect(status).toBe(2);
    expect(printed).toMatchObject({ ok: false, errors: [{ path: 'logs.poll' }] });
    expect(log.requests).toEqual([]);
  });

  it('refuses an override that does not fit what the trust source knows', async () => {
    folder.write('wrong.note', rekor.shards[0].checkpoint());
    const trusted = {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [
        {
          baseUrl: log.url,
          hashAlgorithm: 'SHA2_256',
          publicKey: { rawBytes: log.key.spki.toString('base64'), keyDetails: 'PKIX_ED25519' },
          logId: { keyId: log.key.id.toString('base64') },
        },
      ],
    };
    folder.write('trusted.json', JSON.stringify(trusted));
    const origin = new URL(log.url).host;
    const { status, out, err } = await check(`
version: 1
trust: { source: { trusted_root: trusted.json } }
watches: [{ name: w, select: [{ key: k }] }]
logs: { override: { "${origin}": { checkpoint: wrong.note } } }
`);
    expect([status, err]).toEqual([2, 'DIR/sigwatch.yaml cannot be used: 1 error\n']);
    expect(out).toContain(
      `DIR/sigwatch.yaml: logs.override["${origin}"].checkpoint: Cannot use "DIR/wrong.note" as a pinned checkpoint: `,
    );
  });
});
