import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evidenceContent } from '../../src/cli/evidence-content.ts';
import { formatEvidence, parseEvidence, type EvidenceContent } from '../../src/evidence/evidence-file.ts';
import { verifyEvidence } from '../../src/evidence/verify-evidence.ts';
import { findIssuers } from '../../src/trust/issuers.ts';
import { authority, certify, fillers, releaseAt } from '../support/actors.ts';
import { CT_SITES } from '../support/ct-sites.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig } from '../support/monitor-rig.ts';

/** Where a value stands in JSON. */
type Path = readonly (string | number)[];

const CA = { name: 'test-ca', chain: authority.chain, validFrom: null, validTo: null };

let rig: MonitorRig;
let site: LogSite;

beforeEach(() => {
  rig = new MonitorRig();
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

/** What a file says of an alert that the pipeline raised. */
async function written(): Promise<EvidenceContent> {
  site.append([...fillers(9), site.entry(certify(releaseAt('refs/heads/hotfix'))), ...fillers(9, 50)]);
  await rig.poll(site.source(rig.http));
  const alert = rig.onlyAlert();
  const parts = { alert, evidence: alert.evidence, log: site, keys: [site.keys[0].spki], watches: rig.watches };
  return parseEvidence(formatEvidence(evidenceContent({ ...parts, issuersOf: (leaf) => findIssuers(leaf, [CA]) })));
}

/** False also for what no file can hold. */
function isProven(content: EvidenceContent): boolean {
  let read: EvidenceContent;
  try {
    read = parseEvidence(formatEvidence(content));
  } catch {
    return false;
  }
  return verifyEvidence(read, { keys: [site.keys[0].spki], chainOf: null }).isProven;
}

describe.each([...BOTH, ...CT_SITES])(
  "an entry's evidence of a %s log, altered and with a digest made anew",
  (_, start) => {
    beforeEach(async () => {
      site = await start();
    });

    it('proves nothing with any text of the proof changed at its beginning, in its middle or at its end', async () => {
      const content = await written();
      expect(isProven(content)).toBe(true);
      const texts = [...textsIn(content.entry, ['entry']), ['log', 'origin'], ['log', 'type']].filter(
        // The root speaks for itself alone: nothing in the file can vouch for it.
        (path) => path.at(-2) !== authority.chain.length,
      );
      const proven = texts.flatMap((path) =>
        changesOf(textAt(content, path))
          .filter((changed) => isProven(withText(content, path, changed)))
          .map((changed) => `${path.join('.')}: ${changed.slice(0, 40)}`),
      );
      expect(proven).toEqual([]);
      expect(texts.length).toBeGreaterThan(10);
    });

    it('proves nothing with a hash or a certificate too many, too few, or in another place', async () => {
      const content = await written();
      const lists = [...listsIn(content.entry, ['entry'])];
      const proven = lists.flatMap((path) => {
        const list = valueAt(content, path) as unknown[];
        // A chain that is cut short at its root's end proves as much.
        const others = [[...list, list[0]], list.slice(1), list.toReversed()];
        return others
          .filter((other) => other.length > 0 && JSON.stringify(other) !== JSON.stringify(list))
          .filter((other) => isProven(withValue(content, path, other)))
          .map((other) => `${path.join('.')}: ${other.length}`);
      });
      expect(proven).toEqual([]);
      expect(lists).toHaveLength(2);
    });
  },
);

/** Also with something added, which parsers may overlook. */
function changesOf(text: string): readonly string[] {
  const places = [0, Math.floor(text.length / 2), text.length - 1];
  const longer = Buffer.concat([Buffer.from(text, 'base64'), Buffer.of(0)]).toString('base64');
  return places
    .flatMap((at) => ['0', '1', 'A', ' '].map((character) => text.slice(0, at) + character + text.slice(at + 1)))
    .concat(longer)
    .filter((changed) => changed !== text);
}

function* textsIn(value: unknown, path: Path): Generator<Path> {
  if (typeof value === 'string') {
    yield path;
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      yield* textsIn(item, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  }
}

function* listsIn(value: unknown, path: Path): Generator<Path> {
  if (Array.isArray(value)) {
    yield path;
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      yield* listsIn(item, [...path, key]);
    }
  }
}

function valueAt(content: EvidenceContent, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], content);
}

function textAt(content: EvidenceContent, path: Path): string {
  return String(valueAt(content, path));
}

function withText(content: EvidenceContent, path: Path, text: string): EvidenceContent {
  return withValue(content, path, text);
}

function withValue(content: EvidenceContent, path: Path, value: unknown): EvidenceContent {
  const copy = structuredClone(content);
  const parent = valueAt(copy, path.slice(0, -1)) as Record<string | number, unknown>;
  parent[path.at(-1) ?? ''] = value;
  return copy;
}
