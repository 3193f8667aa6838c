import { generateKeyPairSync, sign } from 'node:crypto';
import { leafHash, sha256, type Hash } from '../../src/tlog/hash.ts';
import { noteKey, type NoteKey } from '../../src/tlog/note.ts';
import { ReferenceTree } from '../tlog/reference-tree.ts';

/** An ECDSA key of the log. */
export interface ShardSigner {
  readonly key: NoteKey;
  sign(message: string): Buffer;
}

/** One entry of an answer, its ID with it. */
export interface WireEntry {
  uuid: string;
  body: string;
  integratedTime: number;
  logID: string;
  logIndex: number;
  /** As the server answers where it stores attestations. */
  attestation?: unknown;
  verification: {
    inclusionProof: { logIndex: number; treeSize: number; rootHash: string; hashes: string[]; checkpoint: string };
    signedEntryTimestamp: string;
  };
}

/** A shard as `/api/v1/log` lists it. */
export interface WireShard {
  readonly treeID: string;
  readonly treeSize: number;
  readonly rootHash: string;
  readonly signedTreeHead: string;
}

/** Tree IDs beyond 2^53, as real ones are. */
const FIRST_TREE_ID = 7_954_628_769_174_606_703n;
const FIRST_TIME = 1_700_000_000;

/** One tree of a fake Rekor v1 server. */
export class FakeShard {
  readonly host: string;
  readonly treeId: string;
  readonly origin: string;
  /** Global index of its first entry. */
  readonly offset: number;
  readonly signer: ShardSigner;
  tree: ReferenceTree;
  readonly #bodies: Buffer[] = [];
  readonly #times: number[] = [];
  #unreadableSize = 0;
  /** The size at which an entry's proof is made: of another replica, or of a moment earlier. */
  proofSize: (index: number) => number;
  /** The size of the signed head. */
  headSize: () => number;

  constructor(host: string, number: number, offset: number, signer: ShardSigner = createSigner(host)) {
    this.host = host;
    this.treeId = String(FIRST_TREE_ID - BigInt(number) * 1_000_003n);
    this.origin = `${host} - ${this.treeId}`;
    this.offset = offset;
    this.signer = signer;
    this.tree = this.#plant();
    this.headSize = () => this.size;
    this.proofSize = () => this.size;
  }

  /** An old shard of any size that has a signed head and nothing else. */
  static unreadable(host: string, size: number, signer: ShardSigner): FakeShard {
    const shard = new FakeShard(host, 1000, 0, signer);
    shard.#unreadableSize = size;
    shard.tree = new ReferenceTree({ cuts: [size], leaf: (index) => sha256(Buffer.from(`unknown ${index}`)) });
    return shard;
  }

  get size(): number {
    return this.#unreadableSize + this.#bodies.length;
  }

  append(bodies: readonly Buffer[], integratedTime = (this.#times.at(-1) ?? FIRST_TIME - 1) + 1): void {
    this.#bodies.push(...bodies);
    this.#times.push(...bodies.map((_, place) => integratedTime + place));
  }

  /** From now on the shard holds, proves and signs another history of the same size, in which leaf `index` is `body`. */
  fork(index: number, body = Buffer.from('forked')): void {
    this.#bodies[index] = body;
    this.tree = this.#plant();
  }

  /** The signed note of the first `size` leaves, or of a made-up root. Signed anew each time, as by a real server. */
  checkpoint(size = this.headSize(), root: Hash = this.tree.root(size), origin = this.origin): string {
    const text = `${origin}\n${size}\n${root.toString('base64')}\n`;
    const signature = Buffer.concat([this.signer.key.id, this.signer.sign(text)]);
    return `${text}\n— ${this.host} ${signature.toString('base64')}\n`;
  }

  /** As `/api/v1/log` lists it. */
  head(): WireShard {
    const treeSize = this.headSize();
    const rootHash = this.tree.root(treeSize).toString('hex');
    return { rootHash, signedTreeHead: this.checkpoint(), treeID: this.treeId, treeSize };
  }

  holds(globalIndex: number): boolean {
    return globalIndex >= this.offset && globalIndex < this.offset + this.#bodies.length;
  }

  /** The entry with its proof. */
  entryAt(globalIndex: number): WireEntry {
    const index = globalIndex - this.offset;
    // Callers ask for what the shard holds.
    const [body, integratedTime] = [this.#bodies[index] as Buffer, this.#times[index] as number];
    const size = this.proofSize(index);
    const promise = {
      body: body.toString('base64'),
      integratedTime,
      logID: sha256(this.signer.key.spki).toString('hex'),
      logIndex: globalIndex,
    };
    return {
      uuid: BigInt(this.treeId).toString(16).padStart(16, '0') + leafHash(body).toString('hex'),
      ...promise,
      verification: {
        inclusionProof: {
          logIndex: index,
          treeSize: size,
          rootHash: this.tree.root(size).toString('hex'),
          hashes: this.tree.inclusion(index, size).map((hash) => hash.toString('hex')),
          checkpoint: this.checkpoint(size),
        },
        signedEntryTimestamp: this.signTimestamp(promise),
      },
    };
  }

  /** The signed entry timestamp, in base64. */
  signTimestamp({ body, integratedTime, logID, logIndex }: Omit<WireEntry, 'uuid' | 'verification'>): string {
    const message = `{"body":"${body}","integratedTime":${integratedTime},"logID":"${logID}","logIndex":${logIndex}}`;
    return this.signer.sign(message).toString('base64');
  }

  heal(): void {
    this.headSize = () => this.size;
    this.proofSize = () => this.size;
  }

  #plant(): ReferenceTree {
    return new ReferenceTree({ leaf: (index) => leafHash(this.#bodies[index] as Buffer) });
  }
}

function createSigner(host: string): ShardSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    key: noteKey(host, publicKey.export({ format: 'der', type: 'spki' })),
    sign: (message) => sign('sha256', Buffer.from(message), privateKey),
  };
}
