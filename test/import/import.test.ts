import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importCommand } from '../../src/cli/import.ts';
import { runCli } from '../../src/cli/program.ts';
import { captureIo } from '../cli/captured-io.ts';
import { importFixtures, importText, outcomeOf, somebody } from './imported.ts';

const GOOGLE = 'https://accounts.google.com';

/** A policy with one identity, in JSON, which is YAML. */
function policyOf(subject: string, issuer = GOOGLE, name = 'p'): string {
  return JSON.stringify({
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name },
    spec: { authorities: [{ keyless: { url: 'https://fulcio.sigstore.dev', identities: [{ subject, issuer }] } }] },
  });
}

describe('sigwatch import', () => {
  it.each(['kyverno-cross-pairs.yaml', 'kyverno-keys.yaml', 'rekor-monitor.yaml', 'verify.sh'])(
    'writes what is expected for %s',
    async (fixture) => {
      const { out } = await importFixtures(fixture);
      await expect(out).toMatchFileSnapshot(`../fixtures/import/golden/${fixture.replace(/\.\w+$/, '')}.yaml`);
    },
  );

  it('warns of what it cannot say, with the line, and repeats it in the configuration', async () => {
    const { err, out } = await importFixtures('cluster-image-policy.yaml');
    expect(err).toContain('test/fixtures/import/cluster-image-policy.yaml:33: warning: gcpkms://projects/acme');
    for (const line of err.trim().split('\n')) {
      expect(out).toContain(line.replace(': warning: ', ': ').slice(0, 300));
    }
  });

  it.each([
    [
      'kyverno-keys.yaml',
      [
        'annotations',
        'key management',
        'Kubernetes secret',
        'a variable',
        'rekor.acme.example',
        'in no log',
        '2 sets of attestors',
      ],
    ],
    ['kyverno-regexp.yaml', ['which images', 'https://slsa.dev/provenance/v1', 'conditions']],
    ['kyverno-image-policy.yaml', ['CEL', 'Notary', 'https://spdx.dev/Document']],
    [
      'cluster-image-policy.yaml',
      ['mode warn', 'policy in cue', 'without a signature', 'acme-roots', 'fulcio.acme.example'],
    ],
    [
      'rekor-monitor.yaml',
      ['startIndex', 'outputIdentities', 'githubIssue', 'deadbeef', 'no URL', 'whole certificate'],
    ],
    ['rekor-monitor-workflow.yml', ['rekor-monitor-workflow.yml:17: warning: "deadbeef"']],
    [
      'verify.sh',
      ['annotations', 'awskms:///alias/gadget', 'missing.pub', 'spdxjson', '$TAG', 'in no log', 'rekor.acme.example'],
    ],
    ['slsa.sh', ['$OWNER', 'expected github.com/OWNER/REPO', '--package-name', 'slsa_builder']],
    ['ci.yml', ['ci.yml:15: warning: --certificate-identity ${{ inputs.identity }}']],
    ['kyverno-bundle.yaml', ['kind Namespace']],
  ])('leaves nothing of %s out in silence', async (fixture, said) => {
    const { err } = await importFixtures(fixture);
    said.forEach((text) => {
      expect(err).toContain(text);
    });
  });

  it('ends with 2 and prints nothing where nothing is left', async () => {
    const { status, out, err } = await importFixtures('nothing-left.yaml');
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain('hashivault');
    expect(err).toContain('accepts whoever signs');
    expect(err).toContain('Cannot import: nothing is left');
  });

  it.each([
    [
      'prose',
      'Dear operator,\n\nplease verify.',
      'it is nothing that is known here, expected a rekor-monitor configuration',
    ],
    ['another kind', 'apiVersion: v1\nkind: Pod', 'it is nothing that is known here'],
    ['nothing', '', 'it is nothing that is known here'],
    ['an empty list', '[]', 'it is nothing that is known here'],
    ['commands that verify nothing', 'cosign sign image', 'it is nothing that is known here'],
    ['what is no YAML', 'a: b\nkind: [', 'line 2'],
    ['a second document that is none', 'kind: a\n---\nkind: {', 'line 3'],
    ['bytes', Buffer.from([0xff, 0xfe]), 'it is not UTF-8'],
    ['too much', Buffer.alloc(1024 * 1024 + 1, 'a'), 'larger than 1048576 bytes'],
    ['an alias bomb', aliasBomb(), 'too many values'],
    ['deep nesting', `kind: ${'['.repeat(100)}`, 'nested deeper'],
  ])('refuses %s', async (_, text, message) => {
    const { status, out, err } = await importText(text);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain('Cannot import "');
    expect(err).toContain(message);
  });

  it('refuses more identities than one configuration should have', async () => {
    const entries = Array.from({ length: 2500 }, (_, number) => `    - certSubject: x${number}@acme.example`).join(
      '\n',
    );
    const { status, err } = await importText(`monitoredValues:\n  certIdentities:\n${entries}`);
    expect(status).toBe(2);
    expect(err).toContain('expected fewer');
  });

  it('says that a file is not there', async () => {
    const io = captureIo();
    expect(await importCommand(['/nowhere/policy.yaml'], io)).toBe(2);
    expect(io.err()).toContain('Cannot read policy "/nowhere/policy.yaml": no such file');
  });

  it('reads no key from what is no plain file', async () => {
    const { err } = await importText(
      'cosign verify --key /dev/zero x\ncosign verify --certificate-identity a@b.example --certificate-oidc-issuer x y',
    );
    expect(err).toContain('expected a plain file');
  });

  it('notes what is of another form than it should be', async () => {
    const { status, err } = await importText(`monitoredValues:
  certIdentities:
    - { certSubject: a, issuers: b }
    - c
  subjects: d
  fingerprints: [{ e: f }]
  oidMatchers:
    - { objectIdentifier: 1.2.3, extensionValues: [g] }
`);
    expect(status).toBe(0);
    expect(err.trim().split('\n')).toEqual(
      expect.arrayContaining([
        'stdin:3: warning: issuers is no list and was left out',
        'stdin:4: warning: certIdentities is no map and was left out, expected one with certSubject, issuers',
        'stdin:5: warning: subjects is no list and was left out',
        'stdin:6: warning: a member of fingerprints is no text and was left out',
        'stdin:7: warning: oidMatchers is no map and was left out, expected one with oidExtensions, fulcioExtensions, customExtensions',
      ]),
    );
  });

  it('notes keys that are not known here', async () => {
    const text =
      'monitoredValues:\n  certIdentities: [{ certSubject: a, issuer: b }]\n  fingerprint: [x]\nstartindex: 1';
    const { err } = await importText(text);
    expect(err).toContain('stdin:2: warning: key "issuer" is not known here');
    expect(err).toContain('stdin:3: warning: key "fingerprint" is not known here');
    expect(err).toContain('stdin:4: warning: key "startindex" is not known here');
  });

  it.each([
    ['an expression that Go refuses', '(', 'nobody is accepted by it'],
    ['one that is too long', 'a'.repeat(5000), 'expected at most 4096'],
  ])('notes %s', async (_, certSubject, message) => {
    const { status, err } = await importText(
      JSON.stringify({ monitoredValues: { certIdentities: [{ certSubject }] } }),
    );
    expect(status).toBe(2);
    expect(err).toContain(message);
  });

  it('is a command with help', async () => {
    const io = captureIo();
    const { signal } = new AbortController();
    const machine = { onHangUp: () => undefined, monotonicMicros: () => 0n, pid: 1 };
    const run = (...args: readonly string[]) =>
      runCli(args, { ...io, ...machine, interactive: false, env: {}, signal, self: ['node'] });
    expect(await run('import', '--help')).toBe(0);
    expect(io.out()).toContain('sigwatch import policy.yaml verify.sh > sigwatch.yaml');
    expect(await run('import')).toBe(2);
  });
});

describe('text of a policy', () => {
  const odd = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    fc
      .array(
        fc.constantFrom(
          '\n',
          '\r',
          '#',
          ': ',
          '- ',
          '"',
          "'",
          '*',
          '&a',
          '!!x',
          '{',
          '\u0085',
          '\u2028',
          '\u202e',
          '\u0007',
          '\\',
          '@',
          'a',
          '\ufeff',
          '---',
          '\t',
          '%',
        ),
        { minLength: 1, maxLength: 8 },
      )
      .map((parts) => parts.join('')),
  );

  it('stays in its value, and means what it meant', async () => {
    await fc.assert(
      fc.asyncProperty(odd, async (text) => {
        fc.pre(isWellFormed(text) && !text.includes('{{'));
        const { watches, status } = await importText(policyOf(text));
        expect(status).toBe(0);
        const rules = watches.flatMap((watch) =>
          watch.expect === null || watch.expect === 'none' ? [] : watch.expect,
        );
        const [subject] = rules.filter(({ claim }) => claim === 'subject');
        expect(subject?.patterns.map((one) => [one.matches(text), one.matches(`${text}x`)])).toEqual([[true, false]]);
      }),
      { numRuns: 300 },
    );
  });

  it('stays in its comment', async () => {
    await fc.assert(
      fc.asyncProperty(odd, odd, async (name, attestation) => {
        fc.pre(isWellFormed(name) && isWellFormed(attestation));
        const policy = JSON.parse(policyOf('alice@acme.example', GOOGLE, name)) as { spec: { authorities: object[] } };
        policy.spec.authorities = policy.spec.authorities.map((authority) => ({
          ...authority,
          attestations: [{ name: 'x', predicateType: attestation }],
          [attestation]: 'x',
        }));
        fc.pre(!['keyless', 'attestations', '__proto__'].includes(attestation));
        const { watches, status } = await importText(JSON.stringify(policy));
        expect(status).toBe(0);
        expect(watches.map((watch) => watch.name)).toEqual(['alice@acme.example']);
        expect(outcomeOf(watches, somebody('alice@acme.example', GOOGLE))).toBe('accepted');
      }),
      { numRuns: 100 },
    );
  });

  it('moves no cursor of a terminal', async () => {
    const { err, out } = await importText(policyOf('\u001b[31m{{ x }}\u202e', GOOGLE, '\u001b]0;x\u0007'));
    const value = await importText(policyOf('\u001b[31m\u202e\u0085', GOOGLE, '\u001b]0;x\u0007'));
    expect(err + out + value.err + value.out).not.toMatch(/[^\n\P{C}]/u);
  });
});

/** No half of a character, which no file in UTF-8 can hold. */
function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}

function aliasBomb(): string {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const items = level === 0 ? 'x' : Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ');
    return `l${level}: &a${level} [${items}]`;
  });
  return `${levels.join('\n')}\nkind: ClusterPolicy`;
}
