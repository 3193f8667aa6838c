import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../src/log/http.ts';
import type { LogsConfig } from '../../src/config/config.ts';
import { createSources } from '../../src/sources.ts';
import { parseTrustedRoot } from '../../src/trust/trusted-root.ts';
import { countEach } from '../support/count-each.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

/** Type, origin, kind of key, and when it began and ended. */
const CONFIG: LogsConfig = {
  ...{ discover: true, ct: false, pollIntervalMs: 10_000, start: 'head', staleAfterMs: null },
  ...{ custom: [], override: new Map(), witnesses: null },
};

const PRODUCTION_V1 = 'rekor-v1 rekor.sigstore.dev ec 2021-01-12/';
const PRODUCTION_V2 = 'rekor-v2 log2025-1.rekor.sigstore.dev ed25519 2025-09-23/';
const STAGING_V1 = 'rekor-v1 rekor.sigstage.dev ec 2021-01-12/';
const ALPHA_1 = 'rekor-v2 log2025-alpha1.rekor.sigstage.dev ed25519 2025-04-16/';
const ALPHA_1_ENDED = `${ALPHA_1}2025-09-04`;
const ALPHA_2 = 'rekor-v2 log2025-alpha2.rekor.sigstage.dev ed25519 2025-08-08/';
const ALPHA_2_ENDED = `${ALPHA_2}2025-09-28`;
const ALPHA_3 = 'rekor-v2 log2025-alpha3.rekor.sigstage.dev ed25519 2025-09-22/';
const STAGING_2026 = 'rekor-v2 log2026-1.us-east4.rekor.sigstage.dev ed25519 2026-06-12/';

const FILES: Readonly<Record<string, readonly string[]>> = {
  'sigstore__root-signing/history/2023-01-12-d1f518cc-trusted_root.json': ['rekor-v1 rekor.sigstore.dev ec /'],
  'sigstore__root-signing/history/2023-01-12-f0644baa-trusted_root.json': ['rekor-v1 rekor.sigstore.dev ec /'],
  'sigstore__root-signing/history/2023-01-20-6e282934-trusted_root.json': [
    'rekor-v1 rekor.sigstore.dev ec 2020-06-17/',
  ],
  'sigstore__root-signing/history/2023-01-25-d29195da-trusted_root.json': [PRODUCTION_V1],
  'sigstore__root-signing/history/2023-01-25-e53aafb3-trusted_root.json': [PRODUCTION_V1],
  'sigstore__root-signing/history/2023-02-14-36960ba6-trusted_root.json': [PRODUCTION_V1],
  'sigstore__root-signing/history/2023-02-18-bb4e6fcd-trusted_root.json': [PRODUCTION_V1],
  'sigstore__root-signing/history/2025-06-26-1c492627-trusted_root.json': [PRODUCTION_V1],
  'sigstore__root-signing/targets/trusted_root.json': [PRODUCTION_V1, PRODUCTION_V2],
  'sigstore__root-signing-staging/history/2023-11-10-f5b8853e-trusted_root.json': [STAGING_V1],
  'sigstore__root-signing-staging/history/2025-04-09-f997a7b2-trusted_root.json': [STAGING_V1],
  'sigstore__root-signing-staging/history/2025-04-25-8691ef5d-trusted_root.json': [STAGING_V1],
  'sigstore__root-signing-staging/history/2025-05-15-3f2bcd93-trusted_root.json': [STAGING_V1],
  // Its ID of the new log is that of a Rekor v1 log.
  'sigstore__root-signing-staging/history/2025-05-22-20d37073-trusted_root.json': [STAGING_V1, ALPHA_1],
  'sigstore__root-signing-staging/history/2025-08-11-ed013f6a-trusted_root.json': [ALPHA_2, ALPHA_1_ENDED, STAGING_V1],
  'sigstore__root-signing-staging/history/2025-08-12-59558abc-trusted_root.json': [STAGING_V1, ALPHA_1_ENDED, ALPHA_2],
  'sigstore__root-signing-staging/history/2025-08-13-c632586e-trusted_root.json': [STAGING_V1, ALPHA_1_ENDED, ALPHA_2],
  ...Object.fromEntries(
    ['2025-09-22-64ae1b31', '2026-01-12-3ab606a0', '2026-01-14-a449e4be'].map((name) => [
      `sigstore__root-signing-staging/history/${name}-trusted_root.json`,
      [STAGING_V1, ALPHA_1_ENDED, ALPHA_2_ENDED, ALPHA_3],
    ]),
  ),
  'sigstore__root-signing-staging/targets/trusted_root.json': [
    STAGING_V1,
    ALPHA_1_ENDED,
    ALPHA_2_ENDED,
    ALPHA_3,
    STAGING_2026,
  ],
};

/** Before the format had a media type. */
const REFUSED = [
  'sigstore__root-signing/history/2023-01-06-c6f8fb8f-trusted_root.json',
  'sigstore__root-signing/history/2023-01-10-9e13684a-trusted_root.json',
];

describe.runIf(hasRealdata)('every trusted root that the public instances published', () => {
  const http = createHttpClient();
  const publicHttp = createHttpClient();

  afterAll(async () => {
    await Promise.all([http.close(), publicHttp.close()]);
  });

  it('is looked at here', () => {
    const found = ['sigstore__root-signing', 'sigstore__root-signing-staging'].flatMap((repository) => [
      ...readdirSync(realdata(`trust/${repository}/history`))
        .filter((name) => name.endsWith('-trusted_root.json'))
        .map((name) => `${repository}/history/${name}`),
      `${repository}/targets/trusted_root.json`,
    ]);
    expect(found.sort()).toEqual([...Object.keys(FILES), ...REFUSED].sort());
  });

  it.each(Object.entries(FILES))('parseTrustedRoot() and createSources() know the logs of %s', (file, logs) => {
    const json = readFileSync(realdata(`trust/${file}`), 'utf8');
    const trust = parseTrustedRoot(json);
    expect(trust.logs.map(describeLog)).toEqual(logs);
    expect(trust.logs.map(({ spki }) => spki.toString('base64'))).toEqual(keysOf(json));

    const sources = createSources(CONFIG, trust, { http, publicHttp });
    expect(
      sources.map(({ source: { name, type, url, origin, start } }) => ({ name, type, url, origin, start })),
    ).toEqual(
      trust.logs.map(({ type, origin }) => ({ name: origin, type, url: `https://${origin}`, origin, start: 'head' })),
    );
  });

  it('has nothing left out, also where a chain was published root first', () => {
    const skipped = Object.keys(FILES).flatMap(
      (file) => parseTrustedRoot(readFileSync(realdata(`trust/${file}`), 'utf8')).skipped,
    );
    expect(skipped).toEqual([]);
  });

  it.each(REFUSED)('parseTrustedRoot() refuses %s, which does not say what it is', (file) => {
    expect(() => parseTrustedRoot(readFileSync(realdata(`trust/${file}`), 'utf8'))).toThrow(
      'Cannot parse trusted root of media type "(none)": expected application/vnd.dev.sigstore.trustedroot+json',
    );
  });

  it('createSources() lets a custom log stand for the published one of the same origin', () => {
    const json = readFileSync(realdata('trust/sigstore__root-signing/targets/trusted_root.json'), 'utf8');
    const trust = parseTrustedRoot(json);
    const { logs } = trust;
    const published = logs.map(({ origin }) => origin);
    const [first] = logs;
    const custom = logs.slice(0, 1).map(({ type, origin, readPath, spki }) => ({
      ...{ name: 'mirror', type, url: 'http://127.0.0.1:9', readPath, origin, publicKeys: [spki] as const, start: 7 },
    }));
    const sources = createSources({ ...CONFIG, custom }, trust, { http, publicHttp });
    expect(sources.map(({ source: { name, origin, start } }) => [name, origin, start])).toEqual([
      ['mirror', first?.origin, 7],
      [published[1], published[1], 'head'],
    ]);
    expect(createSources({ ...CONFIG, discover: false }, trust, { http, publicHttp })).toEqual([]);
  });
});

describe.runIf(hasRealdata)('every recorded file with logs in it', () => {
  it('is read, or refused as what is no trusted root', () => {
    const files = readdirSync(realdata('trust'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.jsonl?$/.test(name),
    );
    const texts = files.map((name) => readFileSync(realdata(`trust/${name}`), 'utf8'));
    const outcomes = texts.filter((text) => text.includes('"tlogs"')).map(outcomeOf);
    // Refused: five signers' configurations with a trusted root inside, a file of two, and four of another media type or none.
    expect(countEach(outcomes)).toEqual({ read: 40, SyntaxError: 10 });
  });
});

function outcomeOf(json: string): string {
  try {
    parseTrustedRoot(json);
    return 'read';
  } catch (error) {
    return error instanceof Error ? error.name : 'not an error';
  }
}

function describeLog(log: ReturnType<typeof parseTrustedRoot>['logs'][number]): string {
  const key = createPublicKey({ key: log.spki, format: 'der', type: 'spki' }).asymmetricKeyType ?? '';
  return `${log.type} ${log.origin} ${key} ${day(log.validFrom)}/${day(log.validTo)}`;
}

function day(date: Date | null): string {
  return date?.toISOString().slice(0, 10) ?? '';
}

function keysOf(json: string): readonly string[] {
  // The recorded file is what its name says it is.
  const { tlogs } = JSON.parse(json) as {
    readonly tlogs: readonly { readonly publicKey: { readonly rawBytes: string } }[];
  };
  return tlogs.map(({ publicKey }) => publicKey.rawBytes);
}
