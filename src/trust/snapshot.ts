import { hash } from 'node:crypto';
import { isNonEmpty } from '../lib/non-empty.ts';
import type { CertificateAuthority } from './chain.ts';
import type { TrustData, TrustedLog } from './trusted-root.ts';

/** What a trust source published when it was last read, and what of before is not forgotten. */
export interface TrustSnapshot {
  readonly data: TrustData;
  /** Logs and keys that it named once and names no more: what they signed must still be verified. */
  readonly former: readonly TrustedLog[];
  /** Origins of the logs that it named when it was first read; all others came later. */
  readonly first: readonly string[];
}

/** The snapshot after `data` was read. `keepFormer`: whatever was named once stays known. */
export function nextSnapshot(before: TrustSnapshot | null, data: TrustData, keepFormer: boolean): TrustSnapshot {
  if (before === null) {
    return { data, former: [], first: [...new Set(allLogs(data).map(({ origin }) => origin))] };
  }
  const named = new Set(allLogs(data).map(keyOf));
  const former = [...allLogs(before.data), ...before.former].filter((log) => !named.has(keyOf(log)));
  return { data, former: keepFormer ? former : [], first: before.first };
}

/** Every log to follow, those that came after the first reading marked; what is published now stands first. */
export function logsOf({ data, former, first }: TrustSnapshot): Pick<TrustData, 'logs' | 'ctLogs'> {
  const original = new Set(first);
  const mark = (log: TrustedLog): TrustedLog => (original.has(log.origin) ? log : { ...log, later: true });
  return {
    logs: [...data.logs, ...former.filter(({ type }) => type !== 'ct')].map(mark),
    ctLogs: [...data.ctLogs, ...former.filter(({ type }) => type === 'ct')].map(mark),
  };
}

/** Origins of the logs that are read otherwise by `after` than by `before`: by another key, or at another address. */
export function changedOrigins(before: TrustSnapshot, after: TrustSnapshot): ReadonlySet<string> {
  const [old, young] = [before, after].map((snapshot) => {
    const { logs, ctLogs } = logsOf(snapshot);
    return groupBy([...logs, ...ctLogs], ({ origin }) => origin, readingOf);
  });
  return new Set([...(young ?? [])].filter(([origin, how]) => old?.get(origin) !== how).map(([origin]) => origin));
}

/** What differs between two publications, a sentence for each log, CA and thing left out, with both sides. */
export function describeChanges(before: TrustData, after: TrustData): readonly string[] {
  const [was, is] = [describeTrust(before), describeTrust(after)];
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((what) => {
    const [old, young] = [was.get(what), is.get(what)];
    if (old === young) {
      return [];
    }
    if (old === undefined) {
      return [`New: ${what}: ${young ?? ''}`];
    }
    return [young === undefined ? `Gone: ${what}; it was: ${old}` : `Changed: ${what}; was: ${old}; is: ${young}`];
  });
}

/** A key belongs to one log: a sentence for each key that two logs have, as far as `before` did not have that already. */
export function describeSharedKeys(before: TrustData | null, after: TrustData): readonly string[] {
  const known = before === null ? new Set<string>() : new Set(sharedKeys(before));
  return sharedKeys(after).filter((sentence) => !known.has(sentence));
}

/** A sentence for each log that got a key while another of its keys is still valid at `now`. */
export function describeRivalKeys(before: TrustData, after: TrustData, now: Date): readonly string[] {
  const known = new Set(allLogs(before).map(keyOf));
  const origins = new Set(allLogs(before).map(({ origin }) => origin));
  return allLogs(after).flatMap((log) => {
    const old = allLogs(after).filter(
      (other) => other.origin === log.origin && known.has(keyOf(other)) && isOpen(other, now),
    );
    if (known.has(keyOf(log)) || !origins.has(log.origin) || !isNonEmpty(old)) {
      return [];
    }
    const others = old.map(fingerprintOf).join(', ');
    return [`Log "${log.origin}" has a new key ${fingerprintOf(log)} while an old one is still valid: ${others}`];
  });
}

/** Names a publication: equal for equal keys, authorities and logs, in whatever order they stand. */
export function digestOf(data: TrustData): string {
  return hash('sha256', JSON.stringify([...describeTrust(data)].sort()));
}

/** What is published, in words, by what it is about. */
function describeTrust(data: TrustData): ReadonlyMap<string, string> {
  return new Map([
    ...groupBy(allLogs(data), ({ type, origin }) => `${type === 'ct' ? 'CT log' : 'log'} "${origin}"`, describeLog),
    ...groupBy(data.authorities, ({ name }) => `certificate authority "${name}"`, describeAuthority),
    ...groupBy(
      data.skipped,
      ({ what }) => `${what}, left out`,
      ({ why }) => why,
    ),
  ]);
}

function describeLog(log: TrustedLog): string {
  return `${log.type} at ${log.url}${log.readPath} with key ${fingerprintOf(log)}, ${describeValidity(log)}`;
}

function describeAuthority(authority: CertificateAuthority): string {
  const chain = authority.chain.map((der) => hash('sha256', der)).join(' under ');
  return `certificate ${chain}, ${describeValidity(authority)}`;
}

function describeValidity({ validFrom, validTo }: Pick<TrustedLog, 'validFrom' | 'validTo'>): string {
  return `valid from ${validFrom?.toISOString() ?? 'ever'} to ${validTo?.toISOString() ?? 'ever'}`;
}

function sharedKeys(data: TrustData): readonly string[] {
  const byKey = new Map<string, Set<string>>();
  for (const log of allLogs(data)) {
    byKey.set(fingerprintOf(log), (byKey.get(fingerprintOf(log)) ?? new Set()).add(log.origin));
  }
  return [...byKey]
    .filter(([, origins]) => origins.size > 1)
    .map(([key, origins]) => `One key is given for several logs: ${key} for ${[...origins].sort().join(', ')}`);
}

/** What decides how a log is read: not its validity, since what it signed stays to be read. */
function readingOf(log: TrustedLog): string {
  return `${log.type} ${log.url} ${log.readPath} ${fingerprintOf(log)}`;
}

/** Each thing's descriptions, sorted and joined, since lists have no order. */
function groupBy<T>(list: readonly T[], name: (item: T) => string, describe: (item: T) => string): Map<string, string> {
  const groups = new Map<string, Set<string>>();
  for (const item of list) {
    groups.set(name(item), (groups.get(name(item)) ?? new Set()).add(describe(item)));
  }
  return new Map([...groups].map(([key, descriptions]) => [key, [...descriptions].sort().join('; and ')]));
}

function allLogs({ logs, ctLogs }: Pick<TrustData, 'logs' | 'ctLogs'>): readonly TrustedLog[] {
  return [...logs, ...ctLogs];
}

function isOpen({ validTo }: TrustedLog, now: Date): boolean {
  return validTo === null || validTo > now;
}

function keyOf(log: TrustedLog): string {
  return `${log.origin} ${fingerprintOf(log)}`;
}

function fingerprintOf({ spki }: TrustedLog): string {
  return `sha256:${hash('sha256', spki)}`;
}
