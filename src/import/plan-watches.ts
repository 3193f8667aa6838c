import type { ImportDraft } from './draft.ts';
import { groupBy } from './group-by.ts';
import { formatOrigin, type AcceptedKey, type ClaimPatterns, type Identity, type Monitored } from './identity.ts';
import { partition, type Part } from './partition.ts';
import { exactValues } from './patterns.ts';
import { regionOf, type Region } from './region.ts';

/** A watch as it is to be written. */
export interface PlannedWatch {
  readonly name: string;
  readonly description: string;
  readonly select: readonly ClaimPatterns[];
  /** Null: only observe. */
  readonly expect: ClaimPatterns | null;
  readonly firstSeen: readonly string[];
  /** Lines to stand above it. */
  readonly comments: readonly string[];
}

/** The watches for what was read. What cannot be told apart is noted in `draft`. */
export function planWatches(draft: ImportDraft): readonly PlannedWatch[] {
  const watches = [...judgedWatches(draft), ...keyWatches(draft.keys), ...monitoringWatches(draft)];
  const taken = new Set<string>();
  return watches.map((watch) => {
    let name = watch.name;
    for (let count = 2; taken.has(name); count++) {
      name = `${watch.name} (${count})`;
    }
    taken.add(name);
    return { ...watch, name };
  });
}

interface Placed {
  readonly identity: Identity;
  readonly region: Region;
}

function judgedWatches(draft: ImportDraft): readonly PlannedWatch[] {
  const placed = draft.identities.flatMap((identity): readonly Placed[] => {
    const region = regionOf(identity);
    if (region === null) {
      draft.note(identity.origin, `${identity.of} names nobody whose signatures could be watched`);
      return [];
    }
    if (region.isOpen) {
      draft.note(
        identity.origin,
        `${identity.of} accepts what strangers sign too, and all of it will be selected: add source_repository or source_owner to select and expect`,
      );
    }
    return [{ identity, region }];
  });
  return groupsOf(placed).flatMap((group) => watchesOf(group, draft));
}

/**
 * Those that may meet the same certificate: they are alternatives, and must be judged together. People with one identity each, and the
 * same conditions, stand together to be read.
 */
function groupsOf(placed: readonly Placed[]): readonly (readonly Placed[])[] {
  if (placed.some(({ region }) => region.space === null)) {
    return [placed];
  }
  const hosts = placed.map(({ region }) => region.space ?? '').filter((space) => space.endsWith('/'));
  const groups = groupBy(placed, ({ region }) => {
    const space = region.space ?? '';
    // Where one is known by its repository and another by who signs, both may be meant.
    return hosts.find((host) => space.startsWith(host)) ?? space;
  });
  const together = groupBy([...groups], ([space, group]) => {
    const distinctConditions = new Set(
      group.map(({ identity }) => JSON.stringify({ ...identity.claims, subject: null })),
    );
    const [condition = ''] = distinctConditions;
    return !space.includes('://') && distinctConditions.size === 1 ? condition : space;
  });
  return [...together.values()].map((parts) => parts.flatMap(([, group]) => group));
}

function watchesOf(group: readonly Placed[], draft: ImportDraft): readonly PlannedWatch[] {
  const identities = group.map(({ identity }) => identity);
  const items = distinct(group.flatMap(({ region }) => region.items));
  const name = nameOf(items);
  return partition(identities, items).map((part, _, parts) => {
    if (part.expect === null) {
      const [first] = identities;
      if (first !== undefined) {
        draft.note(
          first.origin,
          `the identities of ${first.of} overlap in too many ways to be told apart: they are only observed; write watches for them by hand`,
        );
      }
    }
    return judgedWatch(part, parts.length === 1 ? name : `${name}${partName(part)}`);
  });
}

function judgedWatch(part: Part, name: string): PlannedWatch {
  const { select, expect, identities, isElsewhere } = part;
  return {
    name: nameFrom(name),
    description: isElsewhere
      ? 'Claims to be what the imported policies are about, and none of them accepts it'
      : `As accepted by ${several(identities.map(({ of }) => of))}`,
    select,
    expect,
    firstSeen: expect === null ? ['issuer', 'subject'] : [],
    comments: identities.map((identity) => `${formatOrigin(identity.origin)}: ${identity.of}`),
  };
}

/** Told apart by the issuer as a rule; others are numbered. */
function partName({ apart, isElsewhere }: Part): string {
  if (isElsewhere) {
    return ', elsewhere';
  }
  const [issuer] = apart['issuer'] === undefined ? [] : (exactValues(apart['issuer']) ?? []);
  return issuer === undefined ? '' : `, by ${issuer.replace(/^https?:\/\//, '')}`;
}

function nameOf(items: readonly ClaimPatterns[]): string {
  const labels = items.flatMap(({ source_repository: repository, source_owner: owner, subject }) => {
    const source = repository ?? owner ?? subject;
    return typeof source === 'string'
      ? [
          source
            .replace(/^https:\/\/github\.com\//, '')
            .replace(/\/?\*+$/, '')
            .replace(/^\*+/, ''),
        ]
      : [];
  });
  const [first = 'imported', ...others] = new Set(labels.filter((label) => label !== ''));
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

/** A name that a watch may have. */
function nameFrom(text: string): string {
  const plain = text
    .slice(0, 80)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .trim();
  return plain === '' ? 'imported' : plain;
}

function keyWatches(keys: readonly AcceptedKey[]): readonly PlannedWatch[] {
  if (keys.length === 0) {
    return [];
  }
  const fingerprints = [...new Set(keys.map(({ fingerprint }) => fingerprint))];
  const [first, ...others] = fingerprints;
  const key = first === undefined ? '' : others.length === 0 ? first : ([first, ...others] as const);
  return [
    {
      name: 'imported keys',
      description: `Keys accepted by ${several(keys.map(({ of }) => of))}`,
      select: [{ key }],
      expect: { key },
      firstSeen: [],
      comments: keys.map(({ fingerprint, origin, of }) => `${formatOrigin(origin)}: ${of}: ${fingerprint}`),
    },
  ];
}

const GROUPS: Readonly<Record<Monitored['group'], { readonly name: string; readonly firstSeen: readonly string[] }>> = {
  identities: { name: 'monitored identities', firstSeen: ['issuer', 'subject', 'key_subject'] },
  extensions: { name: 'monitored extensions', firstSeen: ['issuer', 'subject'] },
  keys: { name: 'monitored keys', firstSeen: ['key'] },
};

function monitoringWatches({ monitored }: ImportDraft): readonly PlannedWatch[] {
  return [...groupBy(monitored, ({ group }) => group)].map(([group, found]) => ({
    name: GROUPS[group].name,
    description: `What ${several(found.map(({ of }) => of))} looks for`,
    select: distinct(found.map(({ select }) => select)),
    expect: null,
    firstSeen: GROUPS[group].firstSeen,
    comments: [
      'A monitor tells of every match. This watch records each (see `sigwatch history`) and tells of each new value of first_seen.',
      'To be told of whatever is not as it should be, say in expect what is; `expect: none` tells of every match.',
    ],
  }));
}

function distinct(items: readonly ClaimPatterns[]): readonly ClaimPatterns[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** The first three of some texts, each once. */
function several(texts: readonly string[]): string {
  const all = [...new Set(texts)];
  return all.length <= 3 ? all.join('; ') : `${all.slice(0, 3).join('; ')} and ${all.length - 3} more`;
}
