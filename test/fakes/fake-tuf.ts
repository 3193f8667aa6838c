import { generateKeyPairSync, hash, sign, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';

/** A TUF repository over HTTP, with one key at a time for every role. */
export interface FakeTuf extends Listening {
  /** The root.json to start from. */
  readonly root: string;
  /** Paths that were asked for, in order. */
  readonly requests: string[];
  /** Publishes a trusted_root.json, under metadata that expires then. */
  publish(trustedRoot: string, expires: Date): void;
  /** Replaces the key by a new root.json, that old and new key sign, and so what is published next is signed by the new one. */
  rotateRoot(): void;
  /** Serves another content for each path that matches, or a byte every few milliseconds without end. */
  tamper(paths: RegExp, change: ((content: string) => string) | 'trickle'): void;
  /** Answers everything with this status from now on; null: as it should. */
  fail(status: number | null): void;
}

/** Starts a repository that holds nothing yet. */
export async function startFakeTuf(): Promise<FakeTuf> {
  let key = createKey();
  const signed = (role: string, version: number, expires: Date, members: object, keys = [key]): string => {
    const content = { _type: role, spec_version: '1.0.31', version, expires: toSeconds(expires), ...members };
    const bytes = Buffer.from(canonical(content));
    const signatures = keys.map(({ id, privateKey }) => ({
      keyid: id,
      sig: sign(null, bytes, privateKey).toString('hex'),
    }));
    return JSON.stringify({ signed: content, signatures });
  };
  const signRoot = (rootVersion: number, keys: readonly RoleKey[]): string => {
    const role = { keyids: [key.id], threshold: 1 };
    return signed(
      'root',
      rootVersion,
      new Date('2099-01-01'),
      {
        consistent_snapshot: true,
        keys: { [key.id]: { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: key.publicHex } } },
        roles: { root: role, timestamp: role, snapshot: role, targets: role },
      },
      [...keys],
    );
  };
  const root = signRoot(1, [key]);

  const files = new Map<string, string>([['/1.root.json', root]]);
  const requests: string[] = [];
  let rootVersion = 1;
  let version = 0;
  let failure: number | null = null;
  let tampering: { readonly paths: RegExp; readonly change: ((content: string) => string) | 'trickle' } | null = null;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const file = files.get(path);
    const change = file !== undefined && tampering?.paths.test(path) === true ? tampering.change : null;
    response.writeHead(failure ?? (file === undefined ? 404 : 200));
    if (change === 'trickle') {
      const drop = setInterval(() => response.write(' '), 10);
      response.on('close', () => {
        clearInterval(drop);
      });
      return;
    }
    response.end(change === null ? file : change(file ?? ''));
  });
  return {
    ...(await listenOnLoopback(server)),
    root,
    requests,
    rotateRoot() {
      const old = key;
      key = createKey();
      rootVersion += 1;
      files.set(`/${rootVersion}.root.json`, signRoot(rootVersion, [old, key]));
    },
    tamper(paths, change) {
      tampering = { paths, change };
    },
    publish(trustedRoot, expires) {
      version += 1;
      const digest = hash('sha256', trustedRoot);
      const target = { length: Buffer.byteLength(trustedRoot), hashes: { sha256: digest } };
      files.set(`/targets/${digest}.trusted_root.json`, trustedRoot);
      files.set(
        `/${version}.targets.json`,
        signed('targets', version, expires, { targets: { 'trusted_root.json': target } }),
      );
      files.set(
        `/${version}.snapshot.json`,
        signed('snapshot', version, expires, { meta: { 'targets.json': { version } } }),
      );
      files.set('/timestamp.json', signed('timestamp', version, expires, { meta: { 'snapshot.json': { version } } }));
    },
    fail(status) {
      failure = status;
    },
  };
}

interface RoleKey {
  readonly id: string;
  readonly publicHex: string;
  readonly privateKey: KeyObject;
}

function createKey(): RoleKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    id: hash('sha256', publicKey.export({ type: 'spki', format: 'der' })),
    publicHex: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex'),
    privateKey,
  };
}

function toSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** OLPC canonical JSON of what stands in this metadata: members sorted, no white space. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
