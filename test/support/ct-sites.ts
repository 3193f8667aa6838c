import { createCtSource } from '../../src/log/ct/reader.ts';
import type { LoggedIssuance } from '../../src/demo/certificate-authority.ts';
import { certificateEntry, precertificateEntry, type Announced, type CtEntry } from '../fakes/ct-entry.ts';
import {
  CT_CHECKPOINT,
  CT_ENTRIES,
  startFakeCt,
  type CtInterface,
  type FakeCtOptions,
  type RunningFakeCt,
} from '../fakes/fake-ct.ts';
import { authority, certify, STRANGER } from './actors.ts';
import type { LogSite } from './log-sites.ts';

/** A fake CT log, to put the same questions to as to the logs of Rekor, and some of its own. */
export interface CtSite extends LogSite {
  readonly type: 'ct';
  readonly log: RunningFakeCt;
  /** The leaf of a precertificate; `precertificate`: what comes with it, if not its own. */
  announce(issued: Announced, precertificate?: Buffer): Buffer;
  /** The leaf of a certificate. */
  certified(issued: Pick<LoggedIssuance, 'certificate'>): Buffer;
}

export type StartCtSite = (origin?: string, options?: FakeCtOptions) => Promise<CtSite>;

const startAs =
  (kind: CtInterface): StartCtSite =>
  async (origin = 'ct.test/2026', options = {}) =>
    siteCt(await startFakeCt(kind, { origin, ...options }));

/** For `describe.each`. */
export const CT_SITES: readonly [readonly [CtInterface, StartCtSite], readonly [CtInterface, StartCtSite]] = [
  ['static-ct', startAs('static-ct')],
  ['rfc6962', startAs('rfc6962')],
];

const stranger = certify(STRANGER).certificate;

export function siteCt(log: RunningFakeCt): CtSite {
  /** Leaves that were made here, with what comes with them. */
  const known = new Map<Buffer, CtEntry>();
  // Each leaf has its own time, so that no two are equal.
  let time = 1_700_000_000_000;
  const keep = (entry: CtEntry): Buffer => {
    known.set(entry.leaf, entry);
    return entry.leaf;
  };
  const certified = (certificate: Buffer): CtEntry => certificateEntry(certificate, (time += 1000), authority.chain);
  // A leaf of another kind of log becomes one that nobody watches.
  const entryOf = (leaf: Buffer | undefined): CtEntry => (leaf && known.get(leaf)) ?? certified(stranger);
  const parts = { checkpoint: CT_CHECKPOINT, entries: CT_ENTRIES };
  return {
    type: 'ct',
    log,
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
      createCtSource({ name: log.origin, url: log.url, origin: log.origin, keys: [log.key], start }, http),
    entry: ({ certificate = stranger }) => keep(certified(certificate)),
    // A CT log holds one certificate in an entry.
    envelope: ([signer]) => keep(certified(signer?.certificate ?? stranger)),
    announce: (issued, precertificate = issued.precertificate) =>
      keep(precertificateEntry({ ...issued, precertificate }, (time += 1000), authority.chain)),
    certified: ({ certificate }) => keep(certified(certificate)),
    append: (leaves) => {
      log.append(leaves.map(entryOf));
    },
    timeIs: (now) => {
      log.headTime = now.getTime();
    },
    fork: (index, leaf) => {
      log.fork(index, entryOf(leaf));
    },
    serveOldCheckpoint: (size) => {
      log.serveHead(() => log.head({ size }));
    },
    signHead: (size, root) => {
      const head = log.head({ size, root });
      log.serveHead(() => head);
    },
    badSignature: () => {
      log.serveHead(() => log.head({}, { signature: flipLastBit }));
    },
    wrongOrigin: () => {
      if (log.kind === 'rfc6962') {
        throw new Error('A tree head of RFC 6962 names no log');
      }
      log.serveHead(() => log.head({}, { origin: 'other.test' }));
    },
    tamperLeaf: (index) => {
      log.tamperEntry(index, entryOf(undefined));
    },
    tamperProof: () => {
      log.before((path) => {
        const answer = /^tile\/0\/|^ct\/v1\/get-(entry-and-proof|proof-by-hash)/.test(path) ? log.answer(path) : null;
        return (
          answer && { ...answer, body: log.kind === 'static-ct' ? flipLastBit(answer.body) : otherPath(answer.body) }
        );
      });
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

function flipLastBit(bytes: string | Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const last = copy.length - 1;
  copy.writeUInt8(copy.readUInt8(last) ^ 1, last);
  return copy;
}

/** The same answer with another first hash of its inclusion proof. */
function otherPath(body: string | Buffer): string {
  const { audit_path, ...rest } = JSON.parse(body.toString()) as { readonly audit_path: readonly string[] };
  return JSON.stringify({ ...rest, audit_path: [Buffer.alloc(32, 7).toString('base64'), ...audit_path.slice(1)] });
}
