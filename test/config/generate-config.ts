import fc from 'fast-check';
import { CLAIMS, COMPUTED_CLAIMS } from '../../src/policy/claims.ts';

type Plain = Readonly<Record<string, unknown>>;

/** Maps of which any member but those of `required` may be left out. */
function some(
  members: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  required: readonly string[] = [],
): fc.Arbitrary<Plain> {
  return fc.record(members, { requiredKeys: [...required] });
}

function words(...options: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.constantFrom(...options);
}

function oneOrMore(item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }));
}

const name = words('w', 'acme-rekor', 'Widget Release', 'a.b/c', 'ü', '🦀', 'x'.repeat(100));
const seconds = words('1s', '60s', '1m', '24h');
const days = words('1h', '24h', '400d', '3650d', '87600h');
const url = words('https://h', 'HTTPS://h.test:8080/a//', 'http://127.0.0.1:3000/x', 'http://[::1]/');
const address = words('a@b.c', 'Security <sec@acme.example>', '<a@b>');
const secret = words('literal', { env: 'WORD' }, { file: 'secret' });
const secretUrl = words('https://h/x', { env: 'HOOK' });
const start = words(
  'head',
  'genesis',
  0,
  7,
  '2026-01-31',
  '2024-02-29',
  '2026-01-31T12:00:00Z',
  '2026-12-31T23:59:59.123+01:00',
  '2026-01-31T24:00Z',
);
const startOfV2 = words('head', 'genesis', 0, 2 ** 53 - 1);

const { pattern } = fc.letrec((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    words('', 'x', 'acme/widget', 'https://github.com/acme/**', 'refs/tags/v*', '*', 'x'.repeat(4096)),
    fc.record({ regexp: words('', '.*', 'x{2,3}', '(?i)a') }),
    fc.record({ not: tie('pattern') }),
    fc.array(tie('pattern'), { minLength: 1, maxLength: 3 }),
  ),
}));
const selectClaims = [...CLAIMS]
  .filter((claim) => !COMPUTED_CLAIMS.has(claim))
  .concat('oid:1.2.3', 'oid:2.999', 'oid:1.3.6.1.4.1.57264.1.5');
const selector = fc.dictionary(fc.constantFrom(...selectClaims), pattern, {
  minKeys: 1,
  maxKeys: 3,
  noNullPrototype: true,
});
const claims = fc.dictionary(fc.constantFrom(...selectClaims, ...COMPUTED_CLAIMS), pattern, {
  minKeys: 1,
  maxKeys: 4,
  noNullPrototype: true,
});

const rules = {
  description: words('', 'Releases', 'x'.repeat(10_000)),
  expect: fc.oneof(claims, words('none')),
  mode: words('enforce', 'audit'),
  severity: words('critical', 'high', 'medium', 'low'),
  notify: words(['slack'], ['slack', 'mail']),
  attestations: fc.oneof(
    some({ github: words(true), token: secret, url: words('https://ghe.test/api/v3') }, ['github']),
    words({ directory: './att' }),
  ),
  first_seen: fc.uniqueArray(fc.constantFrom(...selectClaims), { minLength: 1, maxLength: 4 }),
  burst: some({ per: words('1s', '10m', '30d', '720h'), over: words('auto', 1, 10_000) }, ['per', 'over']),
  cadence: words('1m', '60000ms', '30d', '3650d'),
  artifacts: some({ follow: fc.boolean(), allow: fc.array(selector, { maxLength: 2 }) }),
};

/** Items of which each has a name of its own, and some extend one that stands before them. */
function family(item: fc.Arbitrary<Plain>, prefix: string): fc.Arbitrary<readonly Plain[]> {
  return fc.array(fc.tuple(item, fc.boolean()), { maxLength: 3 }).map((items) =>
    items.map(([keys, extending], index) => ({
      name: `${prefix}${index}`,
      ...keys,
      ...(extending && index > 0 && { extends: `${prefix}${index - 1}` }),
    })),
  );
}

const watch = some({ ...rules, select: fc.array(selector, { minLength: 1, maxLength: 3 }) }, ['select']);
const template = some({ ...rules, select: fc.array(selector, { minLength: 1, maxLength: 3 }) });

const settings = {
  also: oneOrMore(url),
  stale_after: words('none', '10ms', '1h'),
  enabled: fc.boolean(),
};
const log = fc.oneof(
  some(
    { ...settings, type: words('rekor-v1'), url, public_key: oneOrMore(words('p256.pub', './ed25519.pub')), start },
    ['type', 'url', 'public_key'],
  ),
  some(
    {
      ...settings,
      type: words('rekor-v2'),
      url,
      public_key: words('p256.pub'),
      read_path: words('', '/api/v2', '/a..b/.c'),
      start: startOfV2,
    },
    ['type', 'url', 'public_key', 'start'],
  ),
);
const custom = fc
  .array(log, { maxLength: 2 })
  .map((logs) => logs.map((one, index) => ({ ...one, name: `l${index}`, origin: `h${index}` })));
const override = fc.oneof(
  some({
    ...settings,
    type: words('rekor-v1', 'rekor-v2'),
    name,
    url,
    origin: words('o.test'),
    public_key: words('p256.pub'),
  }),
  some({ ...settings, type: words('ct'), public_key: words('p256.pub') }, ['type']),
);
const overrides = fc.record(
  { 'r.test': override, 'r.test - 12': some({ ...settings, start: startOfV2 }) },
  { requiredKeys: [] },
);

const smtp = fc
  .tuple(
    some(
      {
        host: words('h', 'smtp.acme.example', '::1', 'fe80::1%eth0', '10.0.0.1'),
        port: words(1, 587, 65_535),
        tls: words('required', 'none'),
      },
      ['host'],
    ),
    fc.option(fc.record({ user: words('u'), password: secret }), { nil: {} }),
  )
  .map(([server, login]) => ({ ...server, ...login }));
const route = some(
  {
    class: oneOrMore(words('identity', 'log', 'operational')),
    severity: oneOrMore(words('critical', 'low')),
    kind: oneOrMore(words('unexpected', 'first-seen', 'burst', 'missing', 'artifact-resigned', 'fork')),
    to: oneOrMore(words('slack', 'mail')),
    continue: fc.boolean(),
  },
  ['to'],
);
const notify = some(
  {
    channels: fc.record({
      slack: fc.record({ type: words('slack'), webhook_url: secretUrl }),
      mail: fc.record({ type: words('email'), from: address, to: oneOrMore(address), smtp }),
    }),
    routes: fc.array(route, { maxLength: 2 }),
    group_wait: words('0s', '0ms', '0d', '30s', '1h', '60m'),
    repeat_interval: seconds,
  },
  ['channels'],
);

/** Configurations that load, beside the files of a ConfigFolder and `watches.yaml`. */
export const goodConfig: fc.Arbitrary<Plain> = some(
  {
    version: words(1),
    database: words('./data/sigwatch.db', '/x'),
    trust: some({
      source: words('public-good', 'staging', 'none', { tuf: 'https://tuf.test', root: 'root.json' }),
      certificate_authorities: words([], [{ name: 'ca', chain: './ca.pem' }]),
    }),
    logs: some({
      discover: fc.boolean(),
      ct: fc.boolean(),
      poll_interval: words('10ms', '10s', '1d'),
      start,
      stale_after: words('none', '1h', '3650d'),
      custom,
      override: overrides,
      witnesses: some({ policy: words('policy.txt'), on_missing: words('ignore', 'warn', 'alert') }, ['policy']),
    }),
    include: words(['watches.yaml'], ['./*atches.yaml', 'watches.yaml']),
    templates: family(template, 't'),
    watches: family(watch, 'w'),
    notify,
    retention: some({ checkpoints: days, deliveries: days }),
    network: some({ proxy: words('env', 'none'), ca_bundle: words(null, 'ca.pem') }),
  },
  ['version', 'notify'],
);

/** Files that such a configuration may include. */
export const goodWatchFile: fc.Arbitrary<Plain> = some({
  version: words(1),
  templates: family(template, 't'),
  watches: family(watch, 'w'),
});

/** Texts that are right in some places, and wrong or nearly right in others. */
const JUNK_WORDS = `
  x none env auto head tail enforce high ct rekor-v1 rekor-v2 slack webhook email identity burst bursts builder sct
  0 0s 0ms 00s 1ms 9ms 10ms 999ms 1000ms 59s 60s 61s 3600s 3601s 60m 61m 24h 25h 1d 30d 31d 721h 365d 366d 3650d 3651d
  87600h 87601h 1.5s 5y -5m 315360000000ms 315360000001ms 9999999999999ms
  2026-02-28 2026-02-29 2024-02-29 2100-02-29 2000-02-29 2026-04-31 2026-13-01 2026-1-1 0000-01-01 20260101
  2026-01-31T12:00:00 2026-01-31T12:00+24:00 2026-01-31T24:00:01Z 2026-01-31T12:60Z 2026-01-31T12:00:00.1234567890Z
  https://h https:// https:///x https://h?q https://h#f ftp://h https://u:p@h https://h:99999 http://h https://h\\x
  a@b.c a@b@c h h+h h:25 ::1 1::2::3 ::: /api /api/ /a/../b /./a api //
  acme/widget refs/tags/v* **/x a**b * oid:1.2.3 oid:1.40 oid:1 oid:01.2 w0 t0 p256.pub nope.pub secret
`
  .trim()
  .split(/\s+/);

/** Values likewise. */
const JUNK: readonly unknown[] = [
  ...JUNK_WORDS,
  ...[null, true, false, 0, 1, 2, -1, 1.5, 587, 65_536, 10_001, 2 ** 53],
  ...[
    '',
    ' ',
    ' x',
    'x ',
    'a\nb',
    'a\u0007b',
    '5 m',
    '2026-01-31 12:00Z',
    'https://a b',
    'A <a@b.c>',
    'A <a@b.c',
    'h h',
    'h - 5',
  ],
  ...[100, 101, 201, 4097, 10_001].map((length) => 'x'.repeat(length)),
  ...['🦀'.repeat(60), `oid:1.2.${'3.'.repeat(96)}3`, `oid:1.2.${'3.'.repeat(95)}34`],
  ...[[], {}, [[]], [{}], ['x'], ['x', 'x'], ['builder', 'builder'], ['slack'], ['nobody'], [5], [null], ['https://h']],
  ...[
    ['watches.yaml', 'watches.yaml'],
    { key: 'k' },
    { key: [] },
    { sct: 'verified' },
    { 'oid:1.2': 'x' },
    { 'oid:3.1': 'x' },
  ],
  ...[{ env: 'WORD' }, { env: '' }, { env: 'NOPE' }, { file: 'secret' }, { file: '' }, { env: 'WORD', file: 'secret' }],
  ...[
    { regexp: '(' },
    { regexp: 'x' },
    { regexp: 5 },
    { regexp: 'x'.repeat(4097) },
    { not: 'x' },
    { not: {} },
    { not: [] },
  ],
  ...[
    { not: 'x', regexp: 'y' },
    { per: '10m', over: 20 },
    { per: '10m', over: 0 },
    { per: '31d', over: 'auto' },
  ],
  ...[{ follow: true }, { github: true }, { github: false }, { directory: '' }, { github: true, directory: 'x' }],
];

const KEYS = [
  '',
  'a b',
  'h - 5',
  'h h',
  'r.test - 13',
  ...'x version name extends select expect include templates http digest first_seen burst cadence artifacts allow'.split(
    ' ',
  ),
  ...'follow user password port start read_path type origin url also checkpoint enabled stale_after token'.split(' '),
  ...'directory kind watch not regexp key builder sct signature oid:1.2.3 oid:1.2. constructor toString'.split(' '),
];

/** The same with up to three small faults, most of them. */
export function slightlyBroken(good: fc.Arbitrary<Plain>): fc.Arbitrary<Plain> {
  const fault = fc.record({
    where: fc.nat(),
    how: fc.nat(),
    junk: fc.constantFrom(...JUNK),
    key: fc.constantFrom(...KEYS),
  });
  return fc.tuple(good, fc.array(fault, { maxLength: 3 })).map(([value, faults]) => {
    const broken = structuredClone(value);
    faults.forEach((one) => {
      breakSomething(broken, one);
    });
    return broken;
  });
}

interface SmallFault {
  readonly where: number;
  readonly how: number;
  readonly junk: unknown;
  readonly key: string;
}

function breakSomething(root: Plain, { where, how, junk, key }: SmallFault): void {
  const places = placesIn(root);
  const place = places[where % places.length];
  if (place === undefined) {
    return;
  }
  const { parent, step } = place;
  const other: unknown = structuredClone(junk);
  if (Array.isArray(parent)) {
    const list = parent as unknown[];
    const at = Number(step);
    // Without the item, with it twice, or with another one instead.
    const instead = [[], [list[at], structuredClone(list[at])], [other]];
    list.splice(at, 1, ...(instead[how % instead.length] ?? []));
  } else {
    const map = parent as Record<string, unknown>;
    const changes = [
      { [step]: undefined },
      { [key]: other },
      { [step]: other },
      { [step]: other },
      { [step]: [map[step]] },
    ];
    Object.assign(map, changes[how % changes.length]);
    if (map[step] === undefined) {
      Reflect.deleteProperty(map, step);
    }
  }
}

/** The same with one fault, for every place and every fault that it may have there. */
export function* brokenOnce(value: Plain): Generator<Plain> {
  const count = placesIn(value).length;
  for (let where = 0; where < count; where++) {
    const isIn = (root: Plain): boolean => Array.isArray(placesIn(root)[where]?.parent);
    for (const [index, junk] of JUNK.entries()) {
      const broken = structuredClone(value);
      breakSomething(broken, { where, how: 2, junk, key: '' });
      yield broken;
      if (index < KEYS.length && !isIn(value)) {
        const more = structuredClone(value);
        breakSomething(more, { where, how: 1, junk: 'x', key: KEYS[index] ?? '' });
        yield more;
      }
    }
    for (const how of [0, 1, 4]) {
      const broken = structuredClone(value);
      breakSomething(broken, { where, how: isIn(value) ? how % 2 : how, junk: 'x', key: 'x' });
      yield broken;
    }
  }
}

function placesIn(value: unknown): { readonly parent: object; readonly step: string }[] {
  return typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([step, inner]) => [{ parent: value, step }, ...placesIn(inner)]);
}
