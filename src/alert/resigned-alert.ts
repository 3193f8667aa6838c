import { createHash } from 'node:crypto';
import { identityOf, isGenuine } from '../policy/resigning.ts';
import type { Judgement, Resigned } from '../policy/watch.ts';
import type { AlertDraft, SignerSummary } from './alert.ts';
import { QUOTED, signerName, signerSentence } from './describe-signer.ts';
import { shown } from './escape.ts';
import type { JudgedSigner } from './identity-alert.ts';
import { identityLinks } from './links.ts';
import { summarizeSigner } from './signer-summary.ts';

/** Longest part of a digest in a title. */
const SHORT = 19;

/**
 * The alert about a signer that signed what a watch follows without being one of its own: low, but high where it imitates one of
 * them and is genuine or may be, because a certificate of one's own making may say anything. There is one for each identity, one
 * for all that are not genuine, and one for all of which that cannot be said. Pure.
 */
export function resignedAlert(judged: JudgedSigner, resigned: Resigned): AlertDraft {
  const { watch, judgement, entry, signer } = judged;
  const summary = summarizeSigner(entry, signer, judgement);
  // Where nobody can say yet, who hides behind trust data that is too old must not be told in a whisper.
  const isImitation = resigned.imitates !== null && (isGenuine(judgement) || isUndecided(judgement));
  return {
    class: 'identity',
    kind: 'artifact-resigned',
    severity: isImitation ? 'high' : 'low',
    watch: watch.name,
    title: shown(`${watch.name}: ${whatHappened(judged, resigned, summary)}`, 400),
    summary: [whoSignedFirst(resigned), signerSentence(summary), ...meaning(judged, resigned), advice(judged, resigned)]
      .filter((line) => line !== '')
      .join('\n'),
    log: judged.log,
    index: judged.index,
    violations: [],
    signer: summary,
    artifacts: [resigned.artifact],
    dedupeKey: dedupeKey(judged, resigned),
    links: identityLinks({
      log: judged.log,
      globalIndex: judged.globalIndex,
      chain: judgement.chain,
      claims: signer.claims,
    }),
    evidence: null,
    notify: watch.notify,
  };
}

/** The trust data at hand does not reach to the time of the certificate. */
function isUndecided({ chain, signature }: Judgement): boolean {
  return chain === 'unknown' && signature !== 'invalid';
}

function whatHappened({ judgement }: JudgedSigner, resigned: Resigned, signer: SignerSummary): string {
  const artifact = `${resigned.artifact.slice(0, SHORT)}…`;
  const name = signerName(signer);
  if (!isGenuine(judgement)) {
    return `${artifact}, which this watch follows, is in an entry that only claims to be signed by ${name}`;
  }
  if (resigned.imitates !== null) {
    return `look-alike ${name} signed ${artifact}, which this watch follows`;
  }
  return resigned.isCrowd
    ? `${artifact}, which this watch follows, is signed by many others, of late by ${name}`
    : `${name} signed ${artifact}, which this watch follows`;
}

function whoSignedFirst({ artifact, more, ours }: Resigned): string {
  const others = more === 0 ? '' : ` (and ${more} more of them in the same entry)`;
  const by = ours.by === null ? 'an expected signer' : shown(ours.by, QUOTED);
  const when = new Date(ours.at);
  const at = Number.isNaN(when.getTime()) ? '' : ` at ${when.toISOString()}`;
  return `${artifact} is an artifact of this watch${others}: signed by ${by}${at}, entry ${ours.index} of ${shown(ours.log, QUOTED)}.`;
}

function meaning({ judgement }: JudgedSigner, { imitates, isCrowd }: Resigned): readonly string[] {
  if (!isGenuine(judgement)) {
    const why =
      judgement.signature === 'invalid'
        ? 'its signature does not verify'
        : judgement.chain === 'unknown'
          ? 'the trust data at hand does not reach to the time of its certificate'
          : 'no certificate authority that is trusted for its time issued its certificate';
    const imitated =
      imitates === null || !isUndecided(judgement)
        ? ''
        : ` It would imitate a signer of this watch: ${shown(imitates, 2 * QUOTED)}.`;
    return [
      `Nobody vouches for this signer: ${why}. Whatever it says of itself, \`allow\` does not count for it.${imitated}`,
    ];
  }
  if (imitates !== null) {
    return [`It imitates a signer of this watch: ${shown(imitates, 2 * QUOTED)}.`];
  }
  return isCrowd
    ? [
        'So many others signed this artifact that it is hardly yours alone: from now on only who imitates you is told of it (keys and certificates are counted apart). Of your other artifacts everybody is told as before.',
      ]
    : ['It is not selected by this watch, not expected by another one, and none of `allow`.'];
}

function advice({ judgement }: JudgedSigner, { imitates, isCrowd }: Resigned): string {
  if (isUndecided(judgement)) {
    return 'What to do now: find out who this is, and why the trust source cannot be read: until it is, nobody can say whether the certificate is genuine.';
  }
  if (!isGenuine(judgement)) {
    return 'What to do now: nothing that verifies signatures accepts this one. Make sure that whoever installs your artifacts does verify, and watch whether it repeats.';
  }
  if (imitates !== null) {
    return 'What to do now: find out who this is. Look where the artifact is offered under that name, have it taken down, warn who installs it, and make sure that no policy accepts this identity (an unanchored expression, a name without its host). If it is yours, add it to `artifacts.allow`.';
  }
  return isCrowd
    ? 'What to do now: find out what this artifact is; if everybody has it (a licence, an empty archive), leave it out of what you sign.'
    : 'What to do now: a signature takes nothing from yours. If this is somebody who passes your artifacts on (a distribution, a mirror, a scanner, your registry), add it to `artifacts.allow` of this watch; if not, find out under which name the artifact is offered.';
}

/** One for each identity; what costs nothing to make must neither make many, nor swallow what does cost something. */
function dedupeKey({ watch, judgement, signer }: JudgedSigner, { imitates, isCrowd }: Resigned): string {
  const scope = `identity/${watch.name}/artifact-resigned`;
  if (isUndecided(judgement)) {
    return `${scope}/unverifiable`;
  }
  if (!isGenuine(judgement)) {
    return `${scope}/forged`;
  }
  if (isCrowd) {
    return signer.certificate === null ? `${scope}/crowd-of-keys` : `${scope}/crowd`;
  }
  const identity = identityOf(signer);
  return imitates === null
    ? `${scope}/${identity}`
    : `${scope}/${createHash('sha256').update(`${identity} imitates`).digest('hex')}`;
}
