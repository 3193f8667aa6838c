import { Ajv, type ValidateFunction } from 'ajv';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLAIM_WORDS } from '../../src/config/claim-words.ts';
import { configJsonSchema, watchFileJsonSchema } from '../../src/config/json-schema.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { crossCheck } from '../../src/config/cross-check.ts';
import { describeIssues } from '../../src/config/describe-issues.ts';
import { formatPath } from '../../src/config/key-path.ts';
import { loadConfig } from '../../src/config/load.ts';
import { machineOf } from '../../src/config/machine.ts';
import { configSchema } from '../../src/config/schema.ts';
import { CLAIMS } from '../../src/policy/claims.ts';
import { createConfigFolder, type ConfigFolder } from './config-folder.ts';
import { brokenOnce, goodConfig, goodWatchFile, slightlyBroken } from './generate-config.ts';

const CONFIG = join(import.meta.dirname, '..', '..', 'config');
const ENV = { WORD: 'word', HOOK: 'https://hooks.test/x' };

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
  folder.write('secret', 'hunter2\n');
  folder.write('policy.txt', 'quorum none\n');
  folder.write('root.json', '{"signed":{"_type":"root"},"signatures":[]}');
  folder.write('watches.yaml', 'watches: [{ name: included, select: [{ key: k }] }]');
});

afterAll(() => {
  folder.remove();
});

function compile(schema: object): ValidateFunction {
  // Of the words that editors know and the standard does not.
  return new Ajv({
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
    strictTypes: false,
    keywords: ['patternErrorMessage'],
  }).compile(schema);
}

/** What is wrong with a value by the loader: empty when it loads. */
function refusalsOf(yaml: string, name = 'sigwatch.yaml'): string[] {
  const file = folder.write(name, yaml);
  return refusalsOfFile(file);
}

function refusalsOfFile(file: string): string[] {
  try {
    loadConfig(file, ENV);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return error.problems.map(({ message }) => message);
  }
}

function asYaml(value: object): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}

const WATCH = { name: 'w', select: [{ key: 'k' }] };
const LOG = { name: 'l', type: 'rekor-v2', url: 'https://h', origin: 'h', public_key: 'p256.pub' };
const SLACK = { type: 'slack', webhook_url: 'https://h/x' };

/** What a JSON Schema cannot say: by the message of the loader, with an example that only the loader refuses. */
const BEYOND: readonly (readonly [what: string, message: RegExp, example: object])[] = [
  [
    'files that must exist',
    /no such file|it is a folder|is no folder$/,
    { database: 'x', logs: { custom: [{ ...LOG, public_key: 'nope' }] } },
  ],
  [
    'what is in files',
    /^Cannot (?:take|use) ".*" as a (?:public key|CA chain|CA bundle|TUF root|checkpoint)/,
    { trust: { certificate_authorities: [{ name: 'a', chain: 'p256.pub' }] } },
  ],
  ['what is in files', /^Cannot parse line 1 of a witness policy/, { logs: { witnesses: { policy: 'secret' } } }],
  [
    'variables that must be set',
    /^Cannot read secret: environment variable ".*" is not set/s,
    { notify: { channels: { c: { type: 'slack', webhook_url: { env: 'NOPE' } } } } },
  ],
  [
    'secrets elsewhere that are URLs',
    /^Cannot use the secret as a URL/,
    { notify: { channels: { c: { type: 'slack', webhook_url: { env: 'WORD' } } } } },
  ],
  ['names across the file', /^duplicate (?:name|origin) /, { watches: [WATCH, WATCH] }],
  [
    'names across the file',
    /^unknown (?:channel|watch|watch or template) /,
    { watches: [{ ...WATCH, notify: ['nobody'] }] },
  ],
  [
    'what is taken over',
    /^missing key "select"/,
    { templates: [{ name: 't' }], watches: [{ name: 'w', extends: 't' }] },
  ],
  ['what is taken over', /expected a chain that ends$/, { watches: [{ ...WATCH, extends: 'w' }] }],
  [
    'patterns that must compile',
    /^Cannot compile regexp /,
    { watches: [{ name: 'w', select: [{ key: { regexp: '(' } }] }] },
  ],
  [
    'hosts and ports',
    /^Cannot use "[Hh][Tt]{2}[Pp][Ss]?:\/\/[^/\s\\?#][^\s\\?#]*" as a URL: expected (?:http|no user)/,
    { logs: { custom: [{ ...LOG, url: 'https://h:99999' }] } },
  ],
  [
    'hosts and ports',
    /^Cannot use the secret as a URL: expected (?:http|no user)/,
    { notify: { channels: { c: { type: 'slack', webhook_url: 'https://u:p@h' } } } },
  ],
  [
    'hosts and ports',
    /for attestations: it is not encrypted/,
    { watches: [{ ...WATCH, attestations: { github: true, url: 'http://h' } }] },
  ],
  [
    'addresses of IPv6',
    /^expected a host name or an address/,
    { notify: { channels: { c: { type: 'email', from: 'a@b', to: 'a@b', smtp: { host: '1::2::3' } } } } },
  ],
  [
    'an origin that is made of a URL',
    /^Cannot use ".*" as an origin/,
    { logs: { custom: [{ name: 'c', type: 'ct', url: 'https://h/a+b', public_key: 'p256.pub' }] } },
  ],
  ['one part of a log by another', /a date,? .*rekor-v2/, { logs: { start: '2026-01-31', custom: [LOG] } }],
  [
    'one part of a log by another',
    /^a date needs entries with a time/,
    { logs: { custom: [LOG], override: { h: { start: '2026-01-31' } } } },
  ],
  [
    'one part of a log by another',
    /^"read_path" is for rekor-v2 only/,
    { logs: { custom: [{ ...LOG, type: 'rekor-v1' }], override: { h: { read_path: '/x' } } } },
  ],
  [
    'letters that count double',
    /^Cannot compile pattern .*: it has \d+ characters/,
    { watches: [{ name: 'w', select: [{ key: '🦀'.repeat(2049) }] }] },
  ],
  ['patterns of files that must mean one', /^Cannot include /, { include: ['watches/*.yaml'] }],
];

describe('config/sigwatch.schema.json', () => {
  let schema: ValidateFunction;

  beforeAll(() => {
    schema = compile(configJsonSchema());
  });

  it.each(BEYOND)('cannot say: %s (%s)', (_what, message, example) => {
    const value = { version: 1, ...example };
    expect(schema(value)).toBe(true);
    const refusals = refusalsOf(asYaml(value));
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals.filter((one) => !message.test(one))).toEqual([]);
  });

  it('accepts what loads', () => {
    fc.assert(
      fc.property(goodConfig, (value) => {
        expect(refusalsOf(asYaml(value)).filter((one) => !/a date,? .*rekor-v2/.test(one))).toEqual([]);
        expect(schema(value) || schema.errors).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('accepts exactly what the loader accepts, but for what no schema can say', () => {
    const seen = { both: 0, neither: 0, beyond: 0 };
    fc.assert(
      fc.property(slightlyBroken(goodConfig), (value) => {
        const refusals = refusalsOf(asYaml(value));
        const accepted = schema(value);
        const unexplained = refusals.filter((one) => !BEYOND.some(([, message]) => message.test(one)));
        seen[!accepted ? 'neither' : refusals.length === 0 ? 'both' : 'beyond'] += 1;
        expect({ accepted, refusals: accepted ? unexplained : refusals.length > 0 }).toEqual({
          accepted,
          refusals: accepted ? [] : true,
        });
      }),
      { numRuns: 300 },
    );
    // A generator that breaks everything, or nothing, would show nothing. What no schema can say is rare, and shown row by row above.
    expect(Math.min(seen.both, seen.neither)).toBeGreaterThan(3);
  });

  it.each<[section: string, value: Record<string, unknown>]>([
    ['the whole', { version: 1, database: 'x', include: ['watches.yaml'] }],
    [
      'trust',
      {
        trust: {
          source: { tuf: 'https://h', root: 'root.json' },
          certificate_authorities: [{ name: 'a', chain: 'ca.pem' }],
        },
      },
    ],
    ['trust by a word', { trust: { source: 'none' } }],
    [
      'logs',
      {
        logs: {
          discover: true,
          ct: false,
          poll_interval: '10s',
          start: 'head',
          stale_after: '1h',
          witnesses: { policy: 'policy.txt', on_missing: 'warn' },
        },
      },
    ],
    ['a log of Rekor v1', { logs: { custom: [{ ...LOG, type: 'rekor-v1', start: 0, also: ['https://i'] }] } }],
    [
      'a log of Rekor v2',
      { logs: { custom: [{ ...LOG, read_path: '/api', start: 0, stale_after: '1h', enabled: true }] } },
    ],
    ['a CT log', { logs: { custom: [{ ...LOG, type: 'ct', start: 'head', also: 'https://i' }] } }],
    [
      'an override',
      {
        logs: {
          override: {
            'r.test': {
              name: 'n',
              type: 'rekor-v2',
              url: 'https://h',
              read_path: '',
              origin: 'o',
              start: 5,
              enabled: true,
            },
          },
        },
      },
    ],
    ['an override of a shard', { logs: { override: { 'r.test - 5': { start: 5, enabled: true } } } }],
    [
      'a watch',
      { watches: [{ ...WATCH, description: 'd', mode: 'audit', severity: 'low', notify: ['c'], cadence: '1h' }] },
    ],
    [
      'what selects',
      { watches: [{ name: 'w', select: [{ key: 'k', issuer: { regexp: 'x' } }, { subject: [{ not: 'y' }] }] }] },
    ],
    ['what is expected', { watches: [{ ...WATCH, expect: { sct: 'verified', 'oid:1.2.3': ['x'] } }] }],
    [
      'what else is told',
      {
        watches: [
          {
            ...WATCH,
            first_seen: ['run'],
            burst: { per: '1h', over: 5 },
            artifacts: { follow: true, allow: [{ key: 'k' }] },
          },
        ],
      },
    ],
    [
      'attestations of GitHub',
      { watches: [{ ...WATCH, attestations: { github: true, token: 'x', url: 'https://h' } }] },
    ],
    ['attestations of a folder', { watches: [{ ...WATCH, attestations: { directory: 'x' } }] }],
    ['a template', { templates: [{ name: 't', description: 'd', expect: 'none', cadence: '1h' }] }],
    ['Slack', { notify: { channels: { c: SLACK }, group_wait: '0s', repeat_interval: '1h' } }],
    ['a secret elsewhere', { notify: { channels: { c: { ...SLACK, webhook_url: { env: 'HOOK' } } } } }],
    [
      'e-mail',
      {
        notify: {
          channels: {
            c: {
              type: 'email',
              from: 'a@b',
              to: ['a@b'],
              smtp: { host: 'h', port: 25, tls: 'none', user: 'u', password: 'p' },
            },
          },
        },
      },
    ],
    [
      'a route',
      {
        notify: {
          channels: { c: SLACK },
          routes: [{ class: 'log', severity: ['low'], watch: 'w', kind: ['burst'], to: ['c'], continue: true }],
        },
      },
    ],
    [
      'retention and network',
      { retention: { checkpoints: '1h', deliveries: '3650d' }, network: { proxy: 'env', ca_bundle: 'ca.pem' } },
    ],
  ])('agrees with the shape that the loader checks, whatever one value of it is: %s', (_section, part) => {
    // What a watch takes over, which the loader adds before it looks, is left to the tests above.
    const shape = configSchema(machineOf(join(folder.path, 'sigwatch.yaml'), ENV));
    const differing: unknown[] = [];
    let [accepted, refused] = [0, 0];
    for (const value of brokenOnce({ version: 1, ...part })) {
      if (JSON.stringify(value).includes('"extends"')) {
        continue;
      }
      const { error } = shape.safeParse(value);
      const faults = [...describeIssues(error?.issues ?? [], value), ...crossCheck(value, formatPath, true)];
      const beyond = faults.every(({ message }) => BEYOND.some(([, known]) => known.test(message)));
      const isAccepted = schema(value);
      accepted += isAccepted ? 1 : 0;
      refused += isAccepted ? 0 : 1;
      if (isAccepted ? !beyond : faults.length === 0) {
        differing.push({ value, faults });
      }
    }
    expect(differing.slice(0, 3)).toEqual([]);
    expect(Math.min(accepted, refused)).toBeGreaterThan(3);
  });

  it('accepts the example', () => {
    const example = readFileSync(join(CONFIG, 'sigwatch.example.yaml'), 'utf8');
    expect(schema(parse(example)) || schema.errors).toBe(true);
  });

  it('has words for every claim', () => {
    expect(Object.keys(CLAIM_WORDS).sort()).toEqual([...CLAIMS].sort());
  });
});

describe('config/sigwatch-watches.schema.json', () => {
  it('accepts exactly what may be included', () => {
    const schema = compile(watchFileJsonSchema());
    folder.write(
      'main.yaml',
      asYaml({ version: 1, include: ['part.yaml'], notify: { channels: { slack: SLACK, mail: SLACK } } }),
    );
    const seen = { both: 0, neither: 0, beyond: 0 };
    fc.assert(
      fc.property(slightlyBroken(goodWatchFile), (value) => {
        folder.write('part.yaml', asYaml(value));
        const refusals = refusalsOfFile(join(folder.path, 'main.yaml'));
        const accepted = schema(value);
        const unexplained = refusals.filter((one) => !BEYOND.some(([, message]) => message.test(one)));
        seen[!accepted ? 'neither' : refusals.length === 0 ? 'both' : 'beyond'] += 1;
        expect({ accepted, refusals: accepted ? unexplained : refusals.length > 0 }).toEqual({
          accepted,
          refusals: accepted ? [] : true,
        });
      }),
      { numRuns: 250 },
    );
    expect(Math.min(seen.both, seen.neither)).toBeGreaterThan(20);
  });

  it('is what config/make-schema.ts makes now', () => {
    const stored: unknown = JSON.parse(readFileSync(join(CONFIG, 'sigwatch-watches.schema.json'), 'utf8'));
    expect(stored).toEqual(JSON.parse(JSON.stringify(watchFileJsonSchema())));
  });
});
