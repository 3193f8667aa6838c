import { isMap, SHARED_LISTS, type ConfigSource } from './config-source.ts';
import type { Fault } from './describe-issues.ts';
import { quote, valueAt, type KeyPath } from './key-path.ts';
import { expectedName } from './nearest.ts';

/** What is of one watch or template alone. */
const OF_ITS_OWN = new Set(['name', 'description', 'extends']);

/** Maps that are taken over key by key; every other value stands or is replaced as a whole. */
const MERGED = new Set(['expect', 'artifacts']);

/** A limit on what `extends` can multiply. */
const MAX_VALUES = 500_000;

/** A configuration after `extends`. */
export interface Inherited {
  readonly source: ConfigSource;
  readonly faults: readonly Fault[];
  /** More values than are looked at: what is missing in them is no fault. */
  readonly isTooLarge: boolean;
  /** Whether it is unknown what the watch or template at this path takes over, so that what it lacks is no fault of its own. */
  isCutOff(path: KeyPath): boolean;
}

/**
 * Gives each watch and template what it takes over from the one that it extends, which may extend another. What is taken over keeps
 * its place. `isWhole`: false when files could not be read, so that names may be missing for that reason.
 */
export function inherit(source: ConfigSource, isWhole: boolean): Inherited {
  const family = new Family(source.value, isWhole);
  const root = source.value;
  const value = isMap(root) ? { ...root, ...family.lists() } : root;
  const inherited: ConfigSource = {
    value,
    valuePlace: (path) => source.valuePlace(family.origin(path)),
    keyPlace: (path) => source.keyPlace(family.origin(path)),
  };
  const { faults, isTooLarge } = family;
  return { source: inherited, faults, isTooLarge, isCutOff: (path) => family.isCutOff(path) };
}

/** A watch or template as it stands in its file. */
interface Member {
  readonly path: KeyPath;
  readonly own: unknown;
}

interface Resolved {
  readonly value: unknown;
  /** Where keys, and keys of {@link MERGED} maps, stand that were taken over. */
  readonly origins: ReadonlyMap<string, KeyPath>;
  readonly isCutOff: boolean;
}

class Family {
  readonly faults: Fault[] = [];
  readonly #isWhole: boolean;
  readonly #lists = new Map<string, readonly Member[]>();
  readonly #byName = new Map<string, Member>();
  readonly #resolved = new Map<Member, Resolved>();
  readonly #sizes = new WeakMap<object, number>();
  #values = 0;

  constructor(root: unknown, isWhole: boolean) {
    this.#isWhole = isWhole;
    for (const list of SHARED_LISTS) {
      const items = valueAt(root, [list]);
      if (Array.isArray(items)) {
        const members = items.map((own: unknown, index): Member => ({ path: [list, index], own }));
        this.#lists.set(list, members);
        members.forEach((member) => {
          const name = nameOf(member);
          if (name !== '' && !this.#byName.has(name)) {
            this.#byName.set(name, member);
          }
        });
      }
    }
    [...this.#lists.values()].flat().forEach((member) => {
      this.#resolve(member);
    });
  }

  /** The lists again, each item with what it takes over. */
  lists(): Readonly<Record<string, unknown>> {
    const entries = [...this.#lists].map(([list, members]) => [
      list,
      members.map((member) => this.#resolved.get(member)?.value),
    ]);
    return Object.fromEntries(entries) as Record<string, unknown>;
  }

  origin(path: KeyPath): KeyPath {
    const [, , key, inner, ...rest] = path;
    const origins = this.#at(path)?.origins;
    if (origins === undefined || key === undefined) {
      return path;
    }
    const ofInner = inner === undefined ? undefined : origins.get(innerKey(key, inner));
    const ofKey = origins.get(String(key));
    return ofInner !== undefined ? [...ofInner, ...rest] : ofKey !== undefined ? [...ofKey, ...path.slice(3)] : path;
  }

  isCutOff(path: KeyPath): boolean {
    return this.#at(path)?.isCutOff ?? false;
  }

  get isTooLarge(): boolean {
    return this.#values > MAX_VALUES;
  }

  #at([list, index]: KeyPath): Resolved | undefined {
    const member = typeof index === 'number' ? this.#lists.get(String(list))?.[index] : undefined;
    return member && this.#resolved.get(member);
  }

  /** Without recursion: a chain may be as long as the file. */
  #resolve(start: Member): void {
    const chain = new Set<Member>();
    let next: Member | null = start;
    while (next !== null && !this.#resolved.has(next)) {
      if (chain.has(next)) {
        this.#refuseCycle([...chain], next);
        break;
      }
      chain.add(next);
      next = this.#baseOf(next);
    }
    for (const member of [...chain].reverse()) {
      if (!this.#resolved.has(member)) {
        const base = this.#knownBase(member);
        this.#resolved.set(member, base === null ? alone(member, this.#lacksBase(member)) : this.#join(member, base));
      }
    }
  }

  #baseOf(member: Member): Member | null {
    const name = extendsOf(member);
    return typeof name === 'string' ? (this.#byName.get(name) ?? null) : null;
  }

  #knownBase(member: Member): { readonly member: Member; readonly resolved: Resolved } | null {
    const base = this.#baseOf(member);
    const resolved = base === null ? undefined : this.#resolved.get(base);
    return base === null || resolved === undefined ? null : { member: base, resolved };
  }

  /** Whether the member names a base that there is not; tells it. */
  #lacksBase(member: Member): boolean {
    const name = extendsOf(member);
    if (typeof name === 'string' && this.#isWhole) {
      const known = [...this.#byName.keys()];
      const right = expectedName(name, known, 'watch or template', this.faults.length);
      const message = `unknown watch or template ${quote(name)}${right}`;
      this.faults.push({ path: [...member.path, 'extends'], atKey: false, message });
    }
    return name !== undefined;
  }

  #refuseCycle(chain: readonly Member[], first: Member): void {
    const cycle = chain.slice(chain.indexOf(first));
    const names = cycle.slice(0, MAX_NAMES).map((member) => quote(nameOf(member)));
    const between = cycle.length > MAX_NAMES ? '… extends ' : '';
    const message = `${names.join(' extends ')} extends ${between}${names[0] ?? ''}: expected a chain that ends`;
    this.faults.push({ path: [...first.path, 'extends'], atKey: false, message });
    cycle.forEach((member) => this.#resolved.set(member, alone(member, true)));
  }

  #join(member: Member, base: { readonly member: Member; readonly resolved: Resolved }): Resolved {
    const { own } = member;
    const { value: given, isCutOff } = base.resolved;
    if (!isMap(own) || !isMap(given)) {
      return alone(member, true);
    }
    const value: Record<string, unknown> = {};
    const origins = new Map<string, KeyPath>();
    for (const [key, part] of Object.entries(given).filter(([name]) => !OF_ITS_OWN.has(name))) {
      const instead = own[key];
      if (!Object.hasOwn(own, key)) {
        value[key] = part;
        origins.set(key, originIn(base, key));
        copyInner(base.resolved, key, origins);
      } else if (MERGED.has(key) && isMap(part) && isMap(instead) && Object.keys(instead).length > 0) {
        value[key] = { ...part, ...instead };
        for (const inner of Object.keys(part).filter((name) => !Object.hasOwn(instead, name))) {
          origins.set(innerKey(key, inner), originIn(base, key, inner));
        }
      }
    }
    const joined = { ...value, ...own, ...mergedOf(value, own) };
    this.#values += this.#sizeOf(joined);
    if (this.#values > MAX_VALUES) {
      return this.#giveUp(member);
    }
    return { value: joined, origins, isCutOff };
  }

  #giveUp(member: Member): Resolved {
    if (this.#values < Infinity) {
      this.#values = Infinity;
      const message = `too many values once extends is followed; expected at most ${MAX_VALUES}`;
      this.faults.push({ path: [...member.path, 'extends'], atKey: false, message });
    }
    return alone(member, true);
  }

  /** How many values there are in `value`; those of parts that many share are counted once and added each time. */
  #sizeOf(value: unknown): number {
    if (typeof value !== 'object' || value === null) {
      return 1;
    }
    const known = this.#sizes.get(value);
    if (known !== undefined) {
      return known;
    }
    const size = Object.values(value).reduce((sum: number, part: unknown) => sum + this.#sizeOf(part), 1);
    this.#sizes.set(value, size);
    return size;
  }
}

/** So many names of a cycle are told. */
const MAX_NAMES = 5;

function alone(member: Member, isCutOff: boolean): Resolved {
  return { value: member.own, origins: new Map(), isCutOff };
}

/** The maps of `value` that were put together: they stand instead of the own ones. */
function mergedOf(value: Readonly<Record<string, unknown>>, own: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => MERGED.has(key) && Object.hasOwn(own, key)));
}

/** Where a key of a base, or a key inside it, was written. */
function originIn(
  { member, resolved }: { readonly member: Member; readonly resolved: Resolved },
  key: string,
  inner?: string,
): KeyPath {
  const ofInner = inner === undefined ? undefined : resolved.origins.get(innerKey(key, inner));
  if (ofInner !== undefined) {
    return ofInner;
  }
  const ofKey = resolved.origins.get(key) ?? [...member.path, key];
  return inner === undefined ? ofKey : [...ofKey, inner];
}

/** What a base took over inside a map of its own stays where it was written, also for those who take over the whole map. */
function copyInner({ origins }: Resolved, key: string, into: Map<string, KeyPath>): void {
  if (MERGED.has(key)) {
    for (const [inner, path] of origins) {
      if (inner.startsWith(`${key}\0`)) {
        into.set(inner, path);
      }
    }
  }
}

function innerKey(key: string | number, inner: string | number): string {
  return `${key}\0${inner}`;
}

/** Empty when there is none. */
function nameOf({ own }: Member): string {
  const name = valueAt(own, ['name']);
  return typeof name === 'string' ? name : '';
}

function extendsOf({ own }: Member): unknown {
  return valueAt(own, ['extends']);
}
