import { createPublicKey } from 'node:crypto';
import type { ParsedEntry, SignatureVerdict, Signer } from '../../src/entry/entry.ts';
import { checkSignature } from '../../src/entry/signature.ts';
import { createJudging } from '../../src/judging.ts';
import { decodeLeaf, judgeBatch } from '../../src/monitor/judge-batch.ts';
import type { JudgeContext } from '../../src/policy/standing.ts';
import type { Judgement } from '../../src/policy/watch.ts';
import { leafHash } from '../../src/tlog/hash.ts';
import { watchOf } from '../policy/signers.ts';
import { isForeseen } from '../support/entry-mutations.ts';
import { CERTIFICATES, NOW, SPECIMENS, TRUST, type Specimen } from './specimens.ts';

const WORKFLOW = 'https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0';
const EVERYBODY = { kind: '**' };

/** Whoever signs is judged by the first; the others hold a signer to more, and search what cannot be read. */
export const WATCHES = [
  watchOf([EVERYBODY], { subject: '**' }, 'anybody'),
  watchOf([EVERYBODY], { signature: 'verified' }, 'verified'),
  watchOf(
    [{ subject: 'https://github.com/acme/**' }, { source_repository: 'acme/widget' }, { key: 'cc'.repeat(32) }],
    { subject: WORKFLOW, source_repository: 'acme/widget' },
    'release',
  ),
];

const judging = createJudging(TRUST, () => NOW);
const context: JudgeContext = { ...judging, signatureOf: remembered(checkSignature), now: NOW };

/** What the signatures of the specimens say, by whom and over what: nothing else is ever verified. */
const GENUINE = {
  certificates: new Set(CERTIFICATES.map(asText)),
  signatures: new Set<string>(),
  payloads: new Set<string>(),
};
for (const specimen of SPECIMENS) {
  const decoded = decodeLeaf(specimen.type, specimen);
  if (decoded.ok) {
    const { entry } = decoded;
    GENUINE.payloads.add(asText(entry.attestation?.payload));
    for (const signer of entry.signers) {
      const key = keyOf(signer);
      // Of intoto 0.0.2 a key may stand beside another's signature.
      entry.signers.forEach(({ signature }) => GENUINE.signatures.add(saidBy(entry, key, signature)));
    }
  }
}

/** What is wrong with how an entry is read and judged: that anything is believed which is not in the specimens. */
export function examine({ type, data, extra }: Specimen): string | null {
  const decoded = decodeLeaf(type, { data, ...(extra !== undefined && { extra }) });
  if (!isForeseen(decoded)) {
    return decoded.ok ? 'an entry without a kind' : `nobody foresaw: ${decoded.problem}`;
  }
  const { judged } = judgeBatch(type, [leafOf(data, extra)], WATCHES, context);
  for (const { entry, judgements } of judged) {
    if (entry.attestation !== null && !GENUINE.payloads.has(asText(entry.attestation.payload))) {
      return 'a payload is believed that nobody signed';
    }
    for (const judgement of judgements) {
      const fault = faultOf(entry, judgement);
      if (fault !== null) {
        return fault;
      }
    }
  }
  return null;
}

/** Verdicts of the first watch, and of the last, as they are. */
export function verdictsOf({ type, data, extra }: Specimen): readonly string[] {
  const { judged } = judgeBatch(type, [leafOf(data, extra)], WATCHES, context);
  return judged.flatMap(({ judgements }) => judgements.map(({ watch, verdict }) => `${watch} ${verdict}`));
}

function faultOf(entry: ParsedEntry, { watch, signer, verdict, chain, signature }: Judgement): string | null {
  const who = entry.signers[signer];
  const isGenuine = who?.certificate != null && GENUINE.certificates.has(asText(who.certificate.der));
  if (chain === 'trusted' && !isGenuine) {
    return 'a changed certificate is trusted';
  }
  if (verdict === 'expected' && !isGenuine && (watch !== 'verified' || who?.certificate !== null)) {
    return `a changed certificate is as ${watch} expects`;
  }
  if (who === undefined || signature !== 'verified') {
    return null;
  }
  const key = keyOf(who);
  const isSigned = entry.signers.some((other) => GENUINE.signatures.has(saidBy(entry, key, other.signature)));
  return isSigned ? null : 'a signature is verified that nobody made';
}

/** The numbers of a key that can be used, for it has more than one spelling: four alone of a point. */
function keyOf({ spki }: Signer): string {
  try {
    const key = createPublicKey({ key: spki ?? Buffer.alloc(0), format: 'der', type: 'spki' });
    return JSON.stringify(key.export({ format: 'jwk' }));
  } catch {
    return asText(spki);
  }
}

function saidBy({ signedDigest, attestation }: ParsedEntry, key: string, signature: Buffer | null): string {
  const over = signedDigest === null ? asText(attestation?.payload) : asText(signedDigest.value);
  return [key, asText(signature), over].join('\n');
}

function asText(bytes: Buffer | null | undefined): string {
  return bytes?.toString('latin1') ?? '';
}

function leafOf(data: Buffer, extra: Buffer | undefined) {
  const leaf = { index: 0, data, hash: leafHash(data), integratedTime: null, globalIndex: null, uuid: null };
  return extra === undefined ? leaf : { ...leaf, extra };
}

/** Asked once for all entries that differ only in what a signature is not about: it takes longer than everything else. */
function remembered(check: typeof checkSignature): typeof checkSignature {
  const known = new Map<string, SignatureVerdict>();
  return (entry, signer) => {
    if (entry.signedDigest === null) {
      return check(entry, signer);
    }
    const question = `${entry.signedDigest.algorithm}\n${saidBy(entry, asText(signer.spki), signer.signature)}`;
    const verdict = known.get(question) ?? check(entry, signer);
    if (known.size > 10_000) {
      known.clear();
    }
    known.set(question, verdict);
    return verdict;
  };
}
