import { dsseV1, dsseV2, hashedRekordV1, hashedRekordV2, type EntrySigner } from '../../src/demo/entries.ts';
import { READ_PATH } from '../../src/demo/local-log.ts';
import type { HttpClient } from '../../src/log/http.ts';
import type { LogSource, LogType, Start } from '../../src/log/log.ts';
import { createRekorV1Source } from '../../src/log/rekor-v1/reader.ts';
import { createRekorV2Source } from '../../src/log/rekor-v2/reader.ts';
import type { Hash } from '../../src/tlog/hash.ts';
import type { NoteKey } from '../../src/tlog/note.ts';
import { startFakeLog, type Misbehaviour, type RunningFakeLog } from '../fakes/fake-log.ts';
import {
  LOG_INFO,
  RETRIEVE,
  startFakeRekorV1,
  type Misbehaviour as MisbehaviourV1,
  type RunningFakeRekorV1,
} from '../fakes/fake-rekor-v1.ts';

/** What of a log misbehaves: where it says how large it is, or where it serves its entries. */
export type Part = 'checkpoint' | 'entries';

/** An answer in place of the log's own. */
export type Answer = Exclude<Misbehaviour, 'reset'>;

/** A fake log of either type, to put the same questions to both. */
export interface LogSite {
  readonly type: LogType;
  readonly url: string;
  /** Of its one tree: Rekor v1 has one shard until it is rolled over. */
  readonly origin: string;
  readonly keys: readonly [NoteKey, ...NoteKey[]];
  readonly size: number;
  readonly root: Hash;
  /** A source that remembers nothing: as after a restart. */
  source(http: HttpClient, start?: Start): LogSource;
  /** A leaf as this type of log holds it: `hashedrekord`. */
  entry(signer: EntrySigner, artifact?: string): Buffer;
  /** The same, `dsse`, by several signers. */
  envelope(signers: readonly EntrySigner[], payload?: string): Buffer;
  append(leaves: readonly Buffer[]): void;
  /** What is signed from now on says that it is signed then, where a log says so (CT). */
  timeIs(now: Date): void;
  /** From now on the log holds and signs another history of the same size. */
  fork(index: number, leaf?: Buffer): void;
  /** Serves the checkpoint of an earlier size. */
  serveOldCheckpoint(size: number): void;
  /** Signs and serves a checkpoint that its entries do not make. */
  signHead(size: number, root: Hash): void;
  badSignature(): void;
  wrongOrigin(): void;
  /** Serves another leaf; what is signed and how it is proven stay the honest ones. */
  tamperLeaf(index: number): void;
  /** Serves something else than what leads from the leaf at `index` to the root. */
  tamperProof(index: number): void;
  /** Serves these entries no more, nor those that are served with them alone (bundles); what is signed stays. */
  withhold(...indexes: readonly number[]): void;
  answer(part: Part, answer: Answer): void;
  /** The same, decided at each request; null leaves it to the log. */
  observe(part: Part, decide: () => Answer | null): void;
  /** The misbehaviour ends with the first request that asks caches to stand aside. */
  endWhenFresh(): void;
  /** Ends every misbehaviour but a fork. */
  heal(): void;
  close(): Promise<void>;
}

/** `name`: origin or host, where there are several. */
export type StartSite = (name?: string) => Promise<LogSite>;

/** For `describe.each`. */
export const BOTH: readonly (readonly [Exclude<LogType, 'ct'>, StartSite])[] = [
  ['rekor-v2', async (name) => siteV2(await startFakeLog(name))],
  ['rekor-v1', async (name) => siteV1(await startFakeRekorV1(name === undefined ? {} : { host: name }))],
];

export function siteV2(log: RunningFakeLog): LogSite {
  const parts = { checkpoint: /^checkpoint$/, entries: /^tile\/entries\// };
  return {
    type: 'rekor-v2',
    url: log.url,
    origin: log.origin,
    keys: [log.key],
    get size() {
      return log.size;
    },
    get root() {
      return log.root;
    },
    source: (http, start = 'genesis') =>
      createRekorV2Source(
        { name: log.origin, url: log.url, readPath: READ_PATH, origin: log.origin, keys: [log.key], start },
        http,
      ),
    entry: (signer, artifact = 'widget') => hashedRekordV2({ ...signer, artifact: Buffer.from(artifact) }),
    envelope: (signers, payload = '{}') => dsseV2({ signers, payload: Buffer.from(payload) }),
    append: (leaves) => void log.append(leaves),
    timeIs: () => undefined,
    fork: (index, leaf) => void log.fork(index, leaf),
    serveOldCheckpoint: (size) => {
      log.serveOldCheckpoint(size);
    },
    signHead: (size, root) => {
      log.rollbackTo(size, root);
    },
    badSignature: () => {
      log.badSignature();
    },
    wrongOrigin: () => {
      log.wrongOrigin();
    },
    tamperLeaf: (index) => {
      log.tamperLeaf(index);
    },
    tamperProof: (index) => {
      log.tamperTile(0, Math.floor(index / 256));
    },
    withhold: (...indexes) => {
      log.withhold(...indexes);
    },
    answer: (part, answer) => {
      log.before((path) => (parts[part].test(path) ? answer : null));
    },
    observe: (part, decide) => {
      log.before((path) => (parts[part].test(path) ? decide() : null));
    },
    endWhenFresh: () => {
      log.before((path, { headers }) => {
        if (headers['cache-control'] !== 'no-cache') {
          return null;
        }
        log.heal();
        return log.answer(path);
      });
    },
    heal: () => {
      log.heal();
    },
    close: () => log.close(),
  };
}

export function siteV1(log: RunningFakeRekorV1): LogSite {
  const { active } = log;
  const parts = { checkpoint: LOG_INFO, entries: RETRIEVE };
  const serveNote = (note: () => string): void => {
    log.changeLogInfo((info) => ({ ...info, signedTreeHead: note() }));
  };
  return {
    type: 'rekor-v1',
    url: log.url,
    origin: active.origin,
    get keys() {
      return log.keys;
    },
    get size() {
      return active.size;
    },
    get root() {
      return active.tree.root(active.size);
    },
    source: (http, start = 'genesis') =>
      createRekorV1Source({ name: log.host, url: log.url, origin: log.host, keys: log.keys, start }, http),
    entry: (signer, artifact = 'widget') => hashedRekordV1({ ...signer, artifact: Buffer.from(artifact) }),
    envelope: (signers, payload = '{}') => dsseV1({ signers, payload: Buffer.from(payload) }),
    append: (leaves) => {
      log.append(leaves);
    },
    timeIs: () => undefined,
    fork: (index, leaf) => {
      active.fork(index, leaf && Buffer.from(leaf));
    },
    serveOldCheckpoint: (size) => {
      active.headSize = () => size;
    },
    signHead: (size, root) => {
      const note = active.checkpoint(size, root);
      serveNote(() => note);
    },
    badSignature: () => {
      serveNote(() => {
        const [text = '', line = ''] = active.checkpoint().split(/(?<=\n\n)/);
        const [dash, name, blob = ''] = line.trimEnd().split(' ');
        const signature = Buffer.from(blob, 'base64');
        signature.writeUInt8(signature.readUInt8(signature.length - 1) ^ 1, signature.length - 1);
        return `${text}${dash} ${name} ${signature.toString('base64')}\n`;
      });
    },
    wrongOrigin: () => {
      serveNote(() => active.checkpoint(active.size, active.tree.root(active.size), 'other.test - 1'));
    },
    tamperLeaf: (index) => {
      log.tamper(active.offset + index, Buffer.from('tampered'), { consistent: true });
    },
    withhold: (...indexes) => {
      log.omit(...indexes.map((index) => active.offset + index));
    },
    tamperProof: (index) => {
      log.changeEntry(active.offset + index, (entry) => {
        entry.verification.inclusionProof.hashes[0] = 'ab'.repeat(32);
        return entry;
      });
    },
    answer: (part, answer) => {
      log.before((asked) => (parts[part].test(asked) ? asText(answer) : null));
    },
    observe: (part, decide) => {
      log.before((asked) => {
        const answer = parts[part].test(asked) ? decide() : null;
        return answer && asText(answer);
      });
    },
    endWhenFresh: () => {
      const before = log.cacheControls.length;
      log.before(() => {
        if (log.cacheControls.length > before) {
          log.heal();
        }
        return null;
      });
    },
    heal: () => {
      log.heal();
    },
    close: () => log.close(),
  };
}

function asText(answer: Answer): MisbehaviourV1 {
  return answer === 'hang' ? answer : { ...answer, body: String(answer.body) };
}
