import { remembered } from '../lib/remembered.ts';
import type { IdentityName } from './identity-names.ts';
import { foldLookAlikes, lettersApart, MAX_NAME, shownHost } from './look-alike.ts';

/** From this length on, one letter may differ, and from the other on, two: shorter names are near one another by chance. */
const ONE_LETTER = 4;
const TWO_LETTERS = 8;
/** Hosts are fewer, and each belongs to many: only one letter, of longer names. */
const HOST_LETTER = 6;
/** Longest name that is compared letter by letter; names of owners and labels of hosts have at most 39 and 63. */
const LONGEST = 64;

/** Where everybody may have an address: there only the part before the `@` is somebody's name. */
const PUBLIC_MAIL: ReadonlySet<string> = new Set([
  ...['gmail', 'googlemail', 'outlook', 'hotmail', 'live', 'msn', 'yahoo', 'ymail', 'aol', 'icloud', 'me', 'mac'],
  ...['proton', 'protonmail', 'pm', 'gmx', 'web', 'mail', 'email', 'yandex', 'qq', '163', '126', 'zoho', 'fastmail'],
  ...['hey', 'tutanota', 'tuta', 'mailbox', 'posteo', 'naver', 'daum', 'foxmail', 'rediffmail'],
]);

/** Domains below which each name is another one's. */
const SHARED = [
  'iam.gserviceaccount.com',
  'onmicrosoft.com',
  'ghe.com',
  'github.io',
  'gitlab.io',
  'users.noreply.github.com',
];

/**
 * Which of the names of `found` imitates one of `genuine`, and how, in words; null: none does. A name that is genuine itself imitates
 * nothing. Imitating are: what is the same once look-alike letters are folded; owners, mail domains and hosts that differ in
 * one letter (of four and more, hosts of six and more) or two (of eight and more); a mail domain or host under another ending; an owner
 * of the same name on another host. Pure and bounded: names are cut, and most pairs are settled by their lengths.
 */
export function findImitation(found: readonly IdentityName[], genuine: readonly IdentityName[]): string | null {
  for (const name of found) {
    if (genuine.some((own) => isSame(name, own))) {
      continue;
    }
    for (const own of genuine) {
      const how = resemblance(name, own);
      if (how !== null) {
        return plainly(`${written(name)} ${how} ${written(own)}`);
      }
    }
  }
  return null;
}

/** As a reader knows it. */
function written(name: IdentityName): string {
  switch (name.kind) {
    case 'owner':
      return `${name.host}/${name.owner}`;
    case 'mail':
      return name.local === null ? name.domain : `${name.local}@${name.domain}`;
    case 'host':
      return name.host;
  }
}

/** Letters of other scripts by their numbers: shown as they are, nobody would see what is meant. */
function plainly(text: string): string {
  return text.replace(
    /[^\x20-\x7E]/gu,
    (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`,
  );
}

/** Whether both are the same, or the one is part of the other. */
function isSame(a: IdentityName, b: IdentityName): boolean {
  if (a.kind === 'owner' && b.kind === 'owner') {
    return a.host === b.host && a.owner === b.owner;
  }
  if (a.kind === 'mail' && b.kind === 'mail') {
    return a.domain === b.domain && (a.local === b.local || a.local === null || b.local === null);
  }
  return a.kind === 'host' && b.kind === 'host' && a.host === b.host;
}

/** How two different names resemble each other, in words that stand between them; null: they do not. */
function resemblance(a: IdentityName, b: IdentityName): string | null {
  if (a.kind === 'owner' && b.kind === 'owner') {
    return ownersAlike(a, b);
  }
  if (a.kind === 'mail' && b.kind === 'mail') {
    return mailAlike(a, b);
  }
  return a.kind === 'host' && b.kind === 'host' ? hostsAlike(a.host, b.host, HOST_LETTER, Infinity) : null;
}

type Owner = Extract<IdentityName, { kind: 'owner' }>;
type Mail = Extract<IdentityName, { kind: 'mail' }>;

function ownersAlike(a: Owner, b: Owner): string | null {
  if (a.owner === b.owner) {
    return a.host === b.host ? null : 'has on another host the name of';
  }
  return isAlike(a.owner, b.owner) ? READS_LIKE : a.host === b.host ? nearness(a.owner, b.owner) : null;
}

function mailAlike(a: Mail, b: Mail): string | null {
  if (a.domain === b.domain) {
    return localsAlike(a.local, b.local);
  }
  const how = hostsAlike(a.domain, b.domain, ONE_LETTER, TWO_LETTERS);
  const isPublic = [a, b].some(({ domain }) => PUBLIC_MAIL.has(partsOf(domain).name));
  // What a provider of everybody's mail is called says nothing about who writes.
  return isPublic && (a.local === null || b.local === null || !isAlike(a.local, b.local)) ? null : how;
}

/** Two accounts in one place: colleagues' are often near, so only long names, and one letter. */
function localsAlike(a: string | null, b: string | null): string | null {
  if (a === null || b === null || a === b) {
    return null;
  }
  return isAlike(a, b) ? READS_LIKE : nearness(a, b, TWO_LETTERS, Infinity);
}

function hostsAlike(a: string, b: string, oneLetter: number, twoLetters: number): string | null {
  const [one, other] = [partsOf(a), partsOf(b)];
  if (one.name === other.name) {
    // Below one domain everything is in one hand.
    return one.ending === other.ending || one.name.length < 3 ? null : 'has under another ending the name of';
  }
  if (isAlike(one.name, other.name) || isAlike(shownHost(a), shownHost(b))) {
    return READS_LIKE;
  }
  return one.ending === other.ending ? nearness(one.name, other.name, oneLetter, twoLetters) : null;
}

const READS_LIKE = 'reads like';

function isAlike(a: string, b: string): boolean {
  const folded = foldLookAlikes(a);
  return folded !== '' && folded === foldLookAlikes(b);
}

function nearness(a: string, b: string, oneLetter = ONE_LETTER, twoLetters = TWO_LETTERS): string | null {
  const [one, other] = [foldLookAlikes(a), foldLookAlikes(b)];
  const shortest = Math.min(one.length, other.length);
  const most = shortest >= twoLetters ? 2 : shortest >= oneLetter ? 1 : 0;
  if (most === 0 || Math.max(one.length, other.length) > LONGEST) {
    return null;
  }
  const distance = lettersApart(one, other, most);
  return distance > most ? null : distance === 1 ? 'is one letter from' : 'is two letters from';
}

interface DomainParts {
  /** The label that somebody registered. */
  readonly name: string;
  /** What stands behind it. */
  readonly ending: string;
}

/** By the form of the last labels: a list of all public suffixes would be out of date. */
const partsOf = remembered(divide, { most: 4096, longest: MAX_NAME });

function divide(raw: string): DomainParts {
  const domain = shownHost(raw);
  const shared = SHARED.find((suffix) => domain.endsWith(`.${suffix}`));
  const labels = domain.split('.');
  const last = labels.at(-1) ?? '';
  const isCountry = labels.length > 2 && last.length === 2 && (labels.at(-2) ?? '').length <= 3;
  const size = shared === undefined ? (isCountry ? 2 : 1) : shared.split('.').length;
  return { name: labels.at(-1 - size) ?? domain, ending: labels.slice(-size).join('.') };
}
