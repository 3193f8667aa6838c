import { hash } from 'node:crypto';
import type { Attested } from './corpus.ts';
import { at } from './json-path.ts';

/** What stands beside an entry: `nothing to hold it against` where the entry records no hash of it. */
export type Binding = 'bound' | 'another' | 'nothing to hold it against';

/** What an in-toto statement says, by the names of our claims. */
export interface OutlinedStatement {
  readonly claims: Readonly<Record<string, readonly string[]>>;
  /** `sha256:hex`. */
  readonly subjects: readonly string[];
  /** The repository that SLSA provenance calls the source of the build, without `git+` and ref, and its commit; null where it names none. */
  readonly source: { readonly repository: string; readonly commit: string } | null;
}

const IN_TOTO = 'application/vnd.in-toto+json';
/** COSE_Sign1 with its tag, protected headers of 3 bytes, and no others (RFC 9052 §4.2): so all that were recorded begin. */
const COSE_HEAD = /^d28443a10126a0/;

/** The type that the entry records (intoto 0.0.2), else what stands beside the payload, else that of in-toto. */
export function typeOf({ body, payloadType }: Attested): string {
  const recorded = at(JSON.parse(body.toString()), 'spec', 'content', 'envelope', 'payloadType');
  return typeof recorded === 'string' ? recorded : (payloadType ?? IN_TOTO);
}

/** Whether what was signed hashes to what the entry records (rekor pkg/types; of Rekor v2 since 2.3 its DSSE encoding does). */
export function bindByHash(attested: Attested, artifacts: readonly string[]): Binding {
  const [algorithm = '', digest] = artifacts[0]?.split(':') ?? [];
  if (digest === undefined) {
    return 'nothing to hold it against';
  }
  const payload = signedPayload(attested);
  const type = typeOf(attested);
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  const signed = kindOf(attested) === 'hashedrekord' ? Buffer.concat([Buffer.from(head), payload]) : payload;
  return hash(algorithm, signed) === digest ? 'bound' : 'another';
}

/** What was signed: of kind cose the whole message is stored. Throws for a message of another form than all that were recorded. */
export function signedPayload(attested: Attested): Buffer {
  const { payload: stored } = attested;
  if (kindOf(attested) !== 'cose') {
    return stored;
  }
  const head = COSE_HEAD.exec(stored.toString('hex'))?.[0];
  const [start, length] = lengthAt(stored, (head ?? '').length / 2);
  if (head === undefined) {
    throw new TypeError('Cannot read a COSE message of this form');
  }
  return stored.subarray(start, start + length);
}

/** Where a byte string begins, and its length: in 5 bits, one byte or two (RFC 8949 §3). */
function lengthAt(bytes: Buffer, at: number): readonly [number, number] {
  const size = (bytes[at] ?? 0) - 0x40;
  return size < 24
    ? [at + 1, size]
    : size === 24
      ? [at + 2, bytes.readUInt8(at + 1)]
      : [at + 3, bytes.readUInt16BE(at + 1)];
}

function kindOf({ body }: Attested): unknown {
  return at(JSON.parse(body.toString()), 'kind');
}

/** Predicate type, subjects and builder of a statement, by where its layouts keep them (in-toto attestation, slsa.dev). */
export function outlineStatement(payload: Buffer): OutlinedStatement | null {
  const statement = parse(payload);
  if (!/^https:\/\/in-toto\.io\/Statement\/v(0\.)?1$/.test(String(at(statement, '_type')))) {
    return null;
  }
  const listed = at(statement, 'subject');
  const subjects: readonly unknown[] = Array.isArray(listed) ? listed : [];
  const isProvenance = String(at(statement, 'predicateType')).startsWith('https://slsa.dev/provenance/v');
  const predicate = isProvenance ? at(statement, 'predicate') : {};
  const found: Readonly<Record<string, readonly unknown[]>> = {
    predicate_type: [at(statement, 'predicateType')],
    subject_name: subjects.map((subject) => at(subject, 'name')),
    slsa_builder: [at(predicate, 'builder', 'id') ?? at(predicate, 'runDetails', 'builder', 'id')],
    build_type: [
      at(predicate, 'buildType') ?? at(predicate, 'buildDefinition', 'buildType') ?? at(predicate, 'recipe', 'type'),
    ],
  };
  const claims = Object.entries(found).map(([name, values]) => [name, [...new Set(values.filter(isText))]] as const);
  return {
    claims: Object.fromEntries(claims.filter(([, values]) => values.length > 0)),
    subjects: subjects.flatMap((subject) =>
      ['sha256', 'sha384', 'sha512'].flatMap((name) => {
        const digest = at(subject, 'digest', name);
        return isText(digest) ? [`${name}:${digest}`] : [];
      }),
    ),
    source: sourceOf(predicate),
  };
}

/** As npm and slsa-github-generator write provenance 0.2, and GitHub and the generator 1.0. */
function sourceOf(predicate: unknown): OutlinedStatement['source'] {
  const definition = at(predicate, 'buildDefinition');
  const source = at(predicate, 'invocation', 'configSource') ?? at(definition, 'externalParameters', 'source');
  const uri = at(source, 'uri') ?? at(definition, 'externalParameters', 'workflow', 'repository');
  const digest = at(source, 'digest') ?? at(definition, 'resolvedDependencies', 0, 'digest');
  const commit = at(digest, 'sha1') ?? at(digest, 'gitCommit');
  return isText(uri) && isText(commit) ? { repository: repositoryOf(uri), commit } : null;
}

/** Of a URI of a source: what lies between `git+` and the ref. */
export function repositoryOf(uri: string): string {
  return uri.replace(/^git\+/, '').replace(/@refs\/.*$/, '');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return null;
  }
}
