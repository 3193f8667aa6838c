import type { NoteKey } from '../../src/tlog/note.ts';
import { FakeShard, type ShardSigner, type WireEntry, type WireShard } from './fake-rekor-v1-shard.ts';

/** The answer of `/api/v1/log`. */
export interface WireLogInfo extends WireShard {
  readonly inactiveShards: readonly WireShard[] | null;
}

export interface Answer {
  readonly status: number;
  readonly json: unknown;
}

export interface RekorV1Options {
  readonly host?: string;
  /** The first shard begins at this global index: before it, a shard of that many entries is listed that nobody can read. */
  readonly firstIndex?: number;
  /** Of the first shard, where it speaks in the name of another log. */
  readonly signer?: ShardSigner;
}

/** A Rekor v1 log in memory, sharded as real ones are: real ECDSA keys, trees, proofs and signed entry timestamps. */
export class HonestRekorV1 {
  readonly host: string;
  /** Oldest first, the active one last. */
  readonly shards: [FakeShard, ...FakeShard[]];

  constructor({ host = 'rekor.test', firstIndex = 0, signer }: RekorV1Options = {}) {
    this.host = host;
    const first = new FakeShard(host, 0, firstIndex, signer);
    this.shards = firstIndex === 0 ? [first] : [FakeShard.unreadable(host, firstIndex, first.signer), first];
  }

  /** The shard that grows. */
  get active(): FakeShard {
    // There is always one.
    return this.shards.at(-1) as FakeShard;
  }

  /** Origin of the active shard. */
  get origin(): string {
    return this.active.origin;
  }

  /** The keys of all shards, each once, the first shard's first. */
  get keys(): [NoteKey, ...NoteKey[]] {
    const [first, ...others] = new Set(this.shards.map((shard) => shard.signer.key));
    // There is always one shard.
    return [first as NoteKey, ...others];
  }

  /** The same keys as PEM. */
  get publicKeyPems(): string[] {
    return this.keys.map(({ spki }) => {
      const lines = spki.toString('base64').match(/.{1,64}/g) ?? [];
      return `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`;
    });
  }

  /** The key of the first shard as PEM. */
  get publicKeyPem(): string {
    // There is always one.
    return this.publicKeyPems[0] as string;
  }

  /** Adds leaves to the active shard, one second apart, the first at `integratedTime` when given. */
  append(bodies: readonly (string | Buffer)[], integratedTime?: number): void {
    const leaves = bodies.map((body) => Buffer.from(body));
    this.active.append(leaves, integratedTime);
  }

  /** Closes the active shard and opens a new one, with a key of its own or, as the public log does, the same. */
  rollOver(options: { readonly sameKey?: boolean } = {}): void {
    const { offset, size, signer } = this.active;
    const ownSigner = options.sameKey === true ? signer : undefined;
    this.shards.push(new FakeShard(this.host, this.shards.length, offset + size, ownSigner));
  }

  logInfo(): WireLogInfo {
    const inactive = this.shards.slice(0, -1).map((shard) => shard.head());
    return { ...this.active.head(), inactiveShards: inactive.length === 0 ? null : inactive };
  }

  /** Those of the entries that there are, in the order asked for. */
  retrieve(globalIndexes: readonly number[]): WireEntry[] {
    return globalIndexes.flatMap((index) => this.shards.find((shard) => shard.holds(index))?.entryAt(index) ?? []);
  }

  /** The answer to `firstSize`, `lastSize` and `treeID`. */
  consistencyProof(query: URLSearchParams): Answer {
    const shard = this.shards.find(({ treeId }) => treeId === query.get('treeID'));
    const [first, last] = [Number(query.get('firstSize')), Number(query.get('lastSize'))];
    if (shard === undefined || first > last || last > shard.size) {
      const message = 'the tree size requested was greater than what is currently observable';
      return { status: 400, json: { code: 400, message } };
    }
    const hashes = first === last ? [] : shard.tree.consistency(first, last);
    // The root of the current size, not of the last one asked for.
    const rootHash = shard.tree.root(shard.size).toString('hex');
    return { status: 200, json: { rootHash, hashes: hashes.map((hash) => hash.toString('hex')) } };
  }
}
