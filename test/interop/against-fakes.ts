import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDemoAuthority } from '../../src/demo/certificate-authority.ts';
import { precertificateEntry } from '../fakes/ct-entry.ts';
import { startFakeCt } from '../fakes/fake-ct.ts';
import { startFakeLog } from '../fakes/fake-log.ts';
import { startFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { strangerEntries } from '../support/workflow-entries.ts';

// Runs the suite for live servers against fake ones: `npx tsx test/interop/against-fakes.ts`.

const folder = mkdtempSync(join(tmpdir(), 'sigwatch-interop-'));
const authority = createDemoAuthority({ name: 'test-ca' });
const entries = strangerEntries(authority, 30);
const [v1, v2, ct] = await Promise.all([startFakeRekorV1(), startFakeLog(), startFakeCt('static-ct')]);

v1.append(entries);
v1.rollOver({ sameKey: true });
v1.append(entries);
v2.append(entries);
ct.headTime = Date.now();
ct.append(
  Array.from({ length: 30 }, (_, number) => {
    const logged = authority.issueLogged({ subject: `developer-${number}@elsewhere.example`, claims: {} });
    return precertificateEntry(logged, Date.now(), authority.chain);
  }),
);

const pem = (spki: Buffer): string =>
  `-----BEGIN PUBLIC KEY-----\n${spki.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END PUBLIC KEY-----\n`;
const environment = [
  ['REKOR_V1', v1.url, v1.host, v1.keys[0].spki],
  ['REKOR_V2', v2.url, v2.origin, v2.key.spki],
  ['CT', ct.url, ct.origin, ct.spki],
].flatMap(([name, url, origin, spki]): readonly (readonly [string, string])[] => {
  const key = join(folder, `${String(name)}.pub`);
  writeFileSync(key, pem(spki as Buffer));
  const prefix = `SIGWATCH_INTEROP_${String(name)}`;
  return [
    [`${prefix}_URL`, String(url)],
    [`${prefix}_ORIGIN`, String(origin)],
    [`${prefix}_KEY`, key],
  ];
});

const suite = spawn('npx', ['vitest', 'run', '--config', 'vitest.interop.config.ts', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, SIGWATCH_INTEROP_ENTRIES: '20', ...Object.fromEntries(environment) },
});
const [status] = (await once(suite, 'close')) as [number | null];

await Promise.all([v1.close(), v2.close(), ct.close()]);
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
