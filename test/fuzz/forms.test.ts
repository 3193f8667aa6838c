import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { candidatesIn } from '../../src/attestation/candidate.ts';
import { decodeSnappy } from '../../src/attestation/snappy.ts';
import { withAttestation } from '../../src/entry/attestation.ts';
import { payloadOfCoseSign1 } from '../../src/entry/cose-payload.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { ParsedEntry } from '../../src/entry/entry.ts';
import { parseStatement } from '../../src/entry/statement.ts';
import { readEntryFile } from '../../src/evidence/entry-file.ts';
import { decodeLeaf } from '../../src/monitor/judge-batch.ts';
import { createSearch } from '../../src/policy/search.ts';
import { snappyOf } from '../support/attestations.ts';
import { isForeseen } from '../support/entry-mutations.ts';
import { recorded } from '../support/explain-stage.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { run, tapes, TIMEOUT_MS } from './campaign.ts';
import { mutateLayer } from './mutate-text.ts';
import { CERTIFICATES, DEMO_SPECIMENS, SPECIMENS, type Specimen } from './specimens.ts';
import { Tape } from './tape.ts';

/* What else comes from outside: files, attestations, and what is only searched. See bodies.test.ts for how to run a long campaign. */

describe('hostile files', () => {
  it(
    'files: give entries or faults',
    async () => {
      await runOn('files', entryFiles(), ({ data }) => {
        const parts = [...readEntryFile(data.toString())];
        for (const part of parts) {
          if ('problem' in part) {
            if (!part.problem.startsWith('Cannot ')) {
              return `nobody foresaw: ${part.problem}`;
            }
          } else {
            const decoded = decodeLeaf(part.type === 'ct' ? 'ct' : 'rekor-v1', { data: part.body });
            if (decoded.ok && part.attestation !== null) {
              withAttestation(decoded.entry, part.attestation);
            }
            if (!isForeseen(decoded)) {
              return 'an entry has an outcome that nobody foresaw';
            }
          }
        }
        return parts.length === 0 ? 'nothing is said of a file' : null;
      });
    },
    TIMEOUT_MS,
  );
});

describe('hostile attestations', () => {
  const attested = SPECIMENS.filter(({ type, extra }) => type === 'rekor-v1' && extra !== undefined);

  it('are made of some that are bound to their entries', () => {
    expect(attested.length).toBeGreaterThan(4);
    for (const { data, extra = Buffer.alloc(0) } of attested) {
      expect(bound(data, extra)?.attestation?.payload).toBeDefined();
    }
  });

  it(
    'attestations: are bound only where what was signed is the same',
    async () => {
      await runOn(
        'attestations',
        attested,
        ({ name, data, extra = Buffer.alloc(0) }) => {
          const original = attested.find((specimen) => specimen.name === name);
          const genuine = original === undefined ? null : bound(original.data, original.extra ?? Buffer.alloc(0));
          // The other half of the tape changed what is served; the entry is as it was.
          const believed = bound(genuine === null ? data : (original?.data ?? data), extra)?.attestation?.payload;
          return believed !== undefined && genuine?.attestation?.payload.equals(believed) !== true
            ? 'a payload is believed that nobody signed'
            : null;
        },
        'extra',
      );
    },
    TIMEOUT_MS,
  );

  it(
    'beside: is read or refused',
    async () => {
      const specimens = [...entryFiles(), ...attested.map(({ name, extra = Buffer.alloc(0) }) => asFile(name, extra))];
      await runOn('beside', [...specimens, ...specimens.slice(0, 20).map(compressed)], ({ data }) => {
        parseStatement(data);
        payloadOfCoseSign1(data);
        return onlySyntaxErrors(() => candidatesIn(data)) && onlySyntaxErrors(() => decodeSnappy(data, 1 << 20))
          ? null
          : 'an error that nobody foresaw';
      });
    },
    TIMEOUT_MS,
  );
});

describe('what can only be searched', () => {
  const search = createSearch([{ bytes: Buffer.from('acme/widget'), isNumber: false }], true);

  it(
    'search: finds what stands there, whatever stands beside it',
    async () => {
      await runOn('search', SPECIMENS, ({ data }) => {
        const beside = Buffer.concat([data.subarray(0, data.length / 2), Buffer.from('\n Acme/Widget \n'), data]);
        const { found, complete } = search(beside);
        return found.has(0) && complete ? null : 'a text is not found';
      });
    },
    TIMEOUT_MS,
  );
});

/** Runs a campaign on changed `data` of the specimens, or on changed `extra`. */
async function runOn(
  name: string,
  specimens: readonly Specimen[],
  examine: (specimen: Specimen) => string | null,
  changed: 'data' | 'extra' = 'data',
): Promise<void> {
  await run({
    name,
    few: 2000,
    share: 0.05,
    inputs: tapes(specimens.length).map(({ which, numbers }) => {
      const specimen = specimens[which % specimens.length] ?? asFile('', Buffer.alloc(0));
      const tape = new Tape(numbers);
      let bytes = specimen[changed] ?? Buffer.alloc(0);
      for (let left = 1 + tape.below(3); left > 0; left--) {
        bytes = mutateLayer(bytes, tape, { certificates: CERTIFICATES });
      }
      return { ...specimen, [changed]: bytes };
    }),
    examine,
    show: (specimen) => JSON.stringify({ name: specimen.name, changed: specimen[changed]?.toString('base64') }),
  });
}

/** Files in which people have entries. */
function entryFiles(): readonly Specimen[] {
  const answers = ['workflow.json', 'two-signers.json', 'attested.json'].map((name) => [name, recorded(name)] as const);
  const bodies = DEMO_SPECIMENS.filter(({ type }) => type !== 'ct').map(
    ({ name, data }) => [name, data.toString()] as const,
  );
  const lines = ['all as JSON lines', bodies.map(([, text]) => text).join('\n')] as const;
  const array = ['all in an array', `[${bodies.map(([, text]) => text).join(',')}]`] as const;
  const encoded = bodies.map(([name, text]) => [`${name} in base64`, Buffer.from(text).toString('base64')] as const);
  return [...answers, ...bodies, lines, array, ...encoded, ...recordedBundles()].map(([name, text]) =>
    asFile(name, Buffer.from(text)),
  );
}

/** Some of each folder of what was recorded. */
function recordedBundles(): readonly (readonly [string, string])[] {
  if (!hasRealdata) {
    return [];
  }
  const files = ['bundles', 'cosign-legacy', 'systems'].flatMap((folder) =>
    readdirSync(realdata(folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.json'))
      .sort()
      .map((file) => join(folder, file)),
  );
  const texts = files.map((file) => [file, readFileSync(realdata(file), 'utf8')] as const);
  return texts.filter(([, text]) => text.length < 64 * 1024).filter((_, place) => place % 5 === 0);
}

function asFile(name: string, data: Buffer): Specimen {
  return { name, type: 'rekor-v1', data };
}

function compressed({ name, data }: Specimen): Specimen {
  return asFile(`${name}, in Snappy`, snappyOf(data));
}

function bound(data: Buffer, payload: Buffer): ParsedEntry | null {
  const decoded = decodeEntry(data);
  return decoded.ok ? withAttestation(decoded.entry, { payload, payloadType: null }) : null;
}

function onlySyntaxErrors(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    return error instanceof SyntaxError;
  }
}
