import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';

/** A TUF repository over HTTP, with one key for every role. */
export interface FakeTuf extends Listening {
  /** The root.json to start from. */
  readonly root: string;
  /** Publishes a trusted_root.json, under metadata that expires then. */
  publish(trustedRoot: string, expires: Date): void;
  /** Answers everything with this status from now on; null: as it should. */
  fail(status: number | null): void;
}

/** Starts a repository that holds nothing yet. */
export async function startFakeTuf(): Promise<FakeTuf> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const keyId = hash('sha256', publicKey.export({ type: 'spki', format: 'der' }));
  const signed = (role: string, version: number, expires: Date, members: object): string => {
    const content = { _type: role, spec_version: '1.0.31', version, expires: toSeconds(expires), ...members };
    const sig = sign(null, Buffer.from(canonical(content)), privateKey).toString('hex');
    return JSON.stringify({ signed: content, signatures: [{ keyid: keyId, sig }] });
  };
  const publicHex = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
  const role = { keyids: [keyId], threshold: 1 };
  const root = signed('root', 1, new Date('2099-01-01'), {
    consistent_snapshot: true,
    keys: { [keyId]: { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: publicHex } } },
    roles: { root: role, timestamp: role, snapshot: role, targets: role },
  });

  const files = new Map<string, string>();
  let version = 0;
  let failure: number | null = null;
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    response.writeHead(failure ?? (file === undefined ? 404 : 200)).end(file);
  });
  return {
    ...(await listenOnLoopback(server)),
    root,
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
