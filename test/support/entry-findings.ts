import { createExplainer } from '../../src/cli/create-explainer.ts';
import { findProofFault } from '../../src/cli/check-proof.ts';
import { attestationState, explain, type ExplainedSigner, type Explanation } from '../../src/cli/explanation.ts';
import { createTimeCheck } from '../../src/cli/signed-time.ts';
import { withAttestation } from '../../src/entry/attestation.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { Certificate, DecodedEntry } from '../../src/entry/entry.ts';
import { isObject, type JsonObject } from '../../src/entry/json.ts';
import { readEntryFile } from '../../src/evidence/entry-file.ts';
import type { EntryInFile } from '../../src/evidence/entry-forms.ts';
import type { Standing } from '../../src/policy/standing.ts';
import { leafHash, parseHash } from '../../src/tlog/hash.ts';
import { verifyInclusion } from '../../src/tlog/proof.ts';
import { createChainFinder } from '../../src/trust/chain.ts';
import type { TrustData } from '../../src/trust/trusted-root.ts';
import { at } from './oracles/json-path.ts';

const NO_LOGS = { custom: [], override: new Map() };

/** Finds what is wrong with each entry of a file. */
export type FindWrongs = (text: string) => readonly (readonly string[])[];

/**
 * Prepares to find what is wrong with each entry of a file and with what stands beside it, in words: what `explain` says, what its
 * inclusion proof shows, and where the bundle around it holds something else than the entry does.
 */
export function createFindWrongs(trust: TrustData, now: Date): FindWrongs {
  const explainer = createExplainer([], trust, now);
  const timeOf = createTimeCheck(NO_LOGS, trust);
  const reasonOf = createChainFinder(trust.authorities, trust.goodUntil);
  return (text) => {
    const objects = objectsIn(parseDocuments(text));
    return [...readEntryFile(text)].map((part) => {
      if ('problem' in part) {
        return [part.problem];
      }
      const { body, promise, attestation } = part;
      const cameWithAttestation = attestation !== null;
      const about = { body, leafHash: leafHash(body), signedTime: timeOf(promise), cameWithAttestation };
      const explanation = explain(decode(part), about, explainer);
      const bundle = objects.find((value) => rawEntryOf(value, body) !== undefined);
      const wrapper = objects.find((value) => bundle !== undefined && value['bundle'] === bundle);
      return [
        ...wrongsOf(explanation, (certificate) => reasonOf(certificate, now).reason),
        ...(bundle === undefined ? [] : proofWrongs(rawEntryOf(bundle, body), body, trust)),
        ...(bundle === undefined ? [] : wrongsBeside(bundle, wrapper, explanation)),
      ];
    });
  };
}

function decode({ body, attestation }: EntryInFile): DecodedEntry {
  const read = decodeEntry(body);
  return read.ok && attestation !== null ? { ok: true, entry: withAttestation(read.entry, attestation) } : read;
}

function wrongsOf(explanation: Explanation, reasonOf: (certificate: Certificate) => string | null): readonly string[] {
  const { decoded, signers } = explanation;
  if (!decoded.ok) {
    return [`unparsable: ${decoded.problem}`];
  }
  const { kind, apiVersion } = decoded.entry;
  // Rekor v2 signs no time.
  const isTimeSigned = kind === 'intoto' || apiVersion !== '0.0.2';
  const ofSigner = ({ signer: { certificate }, standing }: ExplainedSigner): readonly string[] => [
    ...(standing.signature === 'verified' ? [] : [`signature: ${standing.signature}`]),
    ...(certificate === null ? [] : certificateWrongs(standing, isTimeSigned, reasonOf(certificate))),
  ];
  const state = attestationState(explanation);
  return [...signers.flatMap(ofSigner), ...(state === null || state === 'bound' ? [] : [`attestation: ${state}`])];
}

function certificateWrongs(
  { chain, signingTime, sct }: Standing,
  isTimeSigned: boolean,
  reason: string | null,
): readonly string[] {
  return [
    ...(chain === 'trusted' ? [] : [`chain: ${chain ?? ''}, ${reason ?? ''}`]),
    ...(isTimeSigned && signingTime !== 'within' ? [`signing_time: ${signingTime}`] : []),
    ...(sct === 'verified' ? [] : [`sct: ${sct ?? ''}`]),
  ];
}

/** What its proof lacks, by the keys of the trusted log that its checkpoint names. */
function proofWrongs(raw: unknown, body: Buffer, { logs }: TrustData): readonly string[] {
  const [proof, note] = [at(raw, 'inclusionProof'), at(raw, 'inclusionProof', 'checkpoint', 'envelope')];
  const rootHash = at(proof, 'rootHash');
  // Before there were proofs, npm wrote empty ones.
  if (typeof rootHash !== 'string' || rootHash === '') {
    return ['proof: none'];
  }
  const list = at(proof, 'hashes');
  const hashes = (Array.isArray(list) ? list : []).map((hash) => parseHash(String(hash), 'base64'));
  const [index, size] = [Number(at(proof, 'logIndex')), Number(at(proof, 'treeSize'))];
  const root = parseHash(rootHash, 'base64');
  if (typeof note !== 'string') {
    const leads = verifyInclusion({ index, size, leaf: leafHash(body), proof: hashes, root });
    return [leads ? 'proof: no checkpoint' : 'proof: no checkpoint, and not even to its own root'];
  }
  const [origin = ''] = note.split('\n');
  const known = logs.filter((log) => log.origin === origin.replace(/ - \d+$/, ''));
  const type = known[0]?.type ?? 'rekor-v2';
  const place = { index, data: body, hash: leafHash(body), integratedTime: null, globalIndex: null, uuid: null };
  const fault = findProofFault(
    {
      ...{ kind: 'inclusion', log: origin, type, leaf: place, timestamp: null, logId: null, checkpoint: note },
      proof: { size, root, hashes },
    },
    { origin, type },
    known.map(({ spki }) => spki),
  );
  return fault === null ? [] : [`proof: ${fault}`];
}

/** Where the bundle, or what holds it, says something else than its entry: what verifiers of bundles compare, by plain JSON. */
function wrongsBeside(bundle: JsonObject, wrapper: unknown, { decoded }: Explanation): readonly string[] {
  const [signer] = decoded.ok ? decoded.entry.signers : [];
  if (!decoded.ok || signer === undefined) {
    return [];
  }
  const material = at(bundle, 'verificationMaterial');
  const [message, envelope] = [at(bundle, 'messageSignature'), at(bundle, 'dsseEnvelope')];
  const certificate =
    at(material, 'certificate', 'rawBytes') ?? at(material, 'x509CertificateChain', 'certificates', 0, 'rawBytes');
  const beside: readonly (readonly [string, unknown, Buffer | null | undefined])[] = [
    ['certificate', certificate, signer.certificate?.der],
    ['signature', at(message, 'signature') ?? at(envelope, 'signatures', 0, 'sig'), signer.signature],
    ['digest', at(message, 'messageDigest', 'digest'), decoded.entry.signedDigest?.value],
  ];
  const names: readonly (readonly [string, unknown, string | null | undefined])[] = [
    ['payload type', at(envelope, 'payloadType'), decoded.entry.payload?.type],
    ['predicate type', at(wrapper, 'predicateType'), decoded.entry.claims['predicate_type']?.[0]],
  ];
  return [
    ...beside.flatMap(([what, there, here]) =>
      typeof there === 'string' && here && !Buffer.from(there, 'base64').equals(here) ? [what] : [],
    ),
    ...names.flatMap(([what, there, here]) => (typeof there === 'string' && here && there !== here ? [what] : [])),
  ].map((what) => `beside it: another ${what}`);
}

function rawEntryOf(bundle: JsonObject, body: Buffer): unknown {
  const entries = at(bundle, 'verificationMaterial', 'tlogEntries');
  return (Array.isArray(entries) ? (entries as readonly unknown[]) : []).find((entry) => {
    const text = at(entry, 'canonicalizedBody');
    return typeof text === 'string' && Buffer.from(text, 'base64').equals(body);
  });
}

function parseDocuments(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line));
  }
}

/** Every object, also inside of others. */
function objectsIn(value: unknown): readonly JsonObject[] {
  const inside = typeof value === 'object' && value !== null ? Object.values(value).flatMap(objectsIn) : [];
  return isObject(value) ? [value, ...inside] : inside;
}
