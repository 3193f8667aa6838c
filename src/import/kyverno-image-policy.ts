import { acceptCosign, cosignIdentityAt } from './certificate-identity.ts';
import type { Cursor } from './cursor.ts';
import type { ImportDraft } from './draft.ts';
import * as say from './infrastructure.ts';
import { noteUnknownKeys } from './known-keys.ts';

const CEL = 'CEL, which decides about images: an entry does not show what it asks for';

const LOG_KEYS = ['url', 'rekorPubKey', 'ctLogPubKey', 'tsaCertChain', 'insecureIgnoreTlog', 'insecureIgnoreSCT'];

/** What is read, and what is about the cluster or about images only. */
const SPEC_KEYS = ['attestors', 'attestations', 'validations', 'verifications', 'matchConditions'].concat(
  ['matchConstraints', 'matchImageReferences', 'imageRules', 'validationActions', 'variables', 'images', 'credentials'],
  ['auditAnnotations', 'autogen', 'evaluation', 'failurePolicy', 'validationConfigurations', 'webhookConfiguration'],
);

/** Reads the attestors of a Kyverno ImageValidatingPolicy or its kin (policies.kyverno.io/v1alpha1 and later). */
export function readKyvernoImagePolicy(policy: Cursor, draft: ImportDraft): void {
  const name = `Kyverno ${policy.at('kind').text()} "${policy.at('metadata', 'name').text()}"`;
  draft.sources.push(name);
  const spec = policy.at('spec');
  noteUnknownKeys(spec, SPEC_KEYS, draft);
  say.noteIfSet(spec.at('matchConstraints'), draft, say.RESOURCES);
  if (
    spec.at('validationActions').isSet &&
    !spec
      .at('validationActions')
      .texts()
      .some(({ text }) => text === 'Deny')
  ) {
    draft.note(spec.at('validationActions').origin, `no action Deny: ${say.LETS_PASS}`);
  }
  say.noteIfSet(spec.at('matchImageReferences'), draft, say.IMAGES);
  say.noteIfSet(spec.at('imageRules'), draft, say.IMAGES);
  say.noteIfSet(spec.at('validations'), draft, `validations are ${CEL}; every attestor is expected`);
  say.noteIfSet(spec.at('verifications'), draft, `verifications are ${CEL}; every attestor is expected`);
  say.noteIfSet(spec.at('matchConditions'), draft, `matchConditions are ${CEL}`);
  for (const attestation of spec.at('attestations').items()) {
    const type = attestation.at('intoto', 'type').text() || attestation.at('referrer', 'type').text();
    draft.note(
      attestation.origin,
      `attestations of type ${type}: most entries do not show a type, so it is not expected (predicate_type would say it)`,
    );
  }
  for (const attestor of spec.at('attestors').items()) {
    readAttestor(attestor, `${name}, attestor "${attestor.at('name').text()}"`, draft);
  }
}

function readAttestor(at: Cursor, of: string, draft: ImportDraft): void {
  noteUnknownKeys(at, ['name', 'cosign', 'notary'], draft);
  say.noteIfSet(at.at('notary'), draft, 'signatures of Notary: they are in no transparency log');
  const cosign = at.at('cosign');
  noteUnknownKeys(
    cosign,
    ['key', 'keyless', 'certificate', 'source', 'ctlog', 'tuf', 'annotations', 'trustedRoot'],
    draft,
  );
  say.noteIfSet(cosign.at('annotations'), draft, say.ANNOTATIONS);
  say.noteIfSet(cosign.at('tuf'), draft, 'another TUF repository: name it as trust.source');
  say.noteIfSet(
    cosign.at('trustedRoot'),
    draft,
    'another trusted root: write it to a file and name it as trust.source',
  );
  say.noteIfSet(cosign.at('source'), draft, say.PLACES);
  readLogs(cosign.at('ctlog'), draft);
  readKeyless(cosign.at('keyless'), of, draft);
  readKey(cosign.at('key'), of, draft);
  readCertificate(cosign.at('certificate'), of, draft);
}

function readLogs(at: Cursor, draft: ImportDraft): void {
  noteUnknownKeys(at, LOG_KEYS, draft);
  say.noteRekor(at.at('url').text(), at.at('url').origin, draft);
  say.noteIfSet(at.at('rekorPubKey'), draft, say.OTHER_REKOR_KEY);
  say.noteIfSet(at.at('ctLogPubKey'), draft, 'the key of a CT log: sigwatch knows those of the trust source');
  say.noteIfSet(at.at('tsaCertChain'), draft, 'a time-stamping authority: no entry shows its stamps');
  say.noteIfSet(at.at('insecureIgnoreTlog'), draft, say.IGNORES_TLOG);
  say.noteIfSet(at.at('insecureIgnoreSCT'), draft, say.IGNORES_SCT);
}

function readKeyless(at: Cursor, of: string, draft: ImportDraft): void {
  if (!at.isSet) {
    return;
  }
  noteUnknownKeys(at, ['identities', 'roots'], draft);
  say.noteIfSet(at.at('roots'), draft, say.PRIVATE_ROOTS);
  const identities = at.at('identities').items();
  if (identities.length === 0) {
    draft.note(at.origin, `${of} accepts whoever signs: there is nothing to watch`);
  }
  for (const identity of identities) {
    noteUnknownKeys(identity, ['issuer', 'subject', 'issuerRegExp', 'subjectRegExp'], draft);
    acceptCosign(cosignIdentityAt(identity), {}, identity.origin, of, draft);
  }
}

function readKey(at: Cursor, of: string, draft: ImportDraft): void {
  noteUnknownKeys(at, ['data', 'kms', 'secretRef', 'expression', 'hashAlgorithm'], draft);
  say.noteIfSet(at.at('hashAlgorithm'), draft, say.HASHES);
  say.noteKms(at.at('kms'), draft);
  say.noteIfSet(at.at('secretRef'), draft, say.SECRET);
  say.noteIfSet(at.at('expression'), draft, `a key by ${CEL}: add its fingerprint as key`);
  if (at.at('data').isSet) {
    draft.acceptPem(at.at('data').text(), at.at('data').origin, of, 'all');
  }
}

function readCertificate(at: Cursor, of: string, draft: ImportDraft): void {
  if (!at.isSet) {
    return;
  }
  const [certificate, chain] = [at.at('cert'), at.at('certChain')];
  say.noteIfSet(chain, draft, say.PRIVATE_ROOTS);
  if (certificate.at('value').isSet) {
    draft.acceptPem(certificate.at('value').text(), certificate.origin, of, 'first');
  } else if (certificate.isSet) {
    draft.note(certificate.origin, `a certificate by ${CEL}: add the fingerprint of its key as key`);
  } else {
    draft.note(at.origin, `${of} accepts whoever an authority certifies: an identity is needed to watch it`);
  }
}
