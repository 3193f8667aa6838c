import { acceptCosign, cosignIdentityAt } from './certificate-identity.ts';
import type { Cursor } from './cursor.ts';
import type { ImportDraft } from './draft.ts';
import * as say from './infrastructure.ts';
import { noteUnknownKeys } from './known-keys.ts';

const AUTHORITY_KEYS = [
  'name',
  'key',
  'keyless',
  'static',
  'source',
  'ctlog',
  'attestations',
  'rfc3161timestamp',
].concat('signatureFormat');

/** Reads the authorities of a policy-controller ClusterImagePolicy (policy.sigstore.dev/v1alpha1, v1beta1). Any of them may accept. */
export function readClusterImagePolicy(policy: Cursor, draft: ImportDraft): void {
  const name = `ClusterImagePolicy "${policy.at('metadata', 'name').text()}"`;
  draft.sources.push(name);
  const spec = policy.at('spec');
  noteUnknownKeys(spec, ['images', 'authorities', 'policy', 'mode', 'match'], draft);
  say.noteIfSet(spec.at('images'), draft, say.IMAGES);
  say.noteIfSet(spec.at('match'), draft, say.RESOURCES);
  notePolicy(spec.at('policy'), draft);
  if (spec.at('mode').text() === 'warn') {
    draft.note(spec.at('mode').origin, `mode warn: ${say.LETS_PASS}`);
  }
  spec
    .at('authorities')
    .items()
    .forEach((authority, index) => {
      const called = authority.at('name').text() || `authority-${index}`;
      readAuthority(authority, `${name}, authority "${called}"`, draft);
    });
}

function notePolicy(at: Cursor, draft: ImportDraft): void {
  const type = at.at('type').text() || 'CUE or Rego';
  say.noteIfSet(at, draft, `a policy in ${type}: an entry does not show what it asks for`);
}

function readAuthority(at: Cursor, of: string, draft: ImportDraft): void {
  noteUnknownKeys(at, AUTHORITY_KEYS, draft);
  const ctlog = at.at('ctlog');
  noteUnknownKeys(ctlog, ['url', 'trustRootRef'], draft);
  say.noteRekor(ctlog.at('url').text(), ctlog.at('url').origin, draft);
  say.noteIfSet(at.at('source'), draft, say.PLACES);
  noteTrustRoot(ctlog.at('trustRootRef'), draft);
  say.noteIfSet(
    at.at('rfc3161timestamp'),
    draft,
    'a time-stamping authority: no entry shows its stamps, and what it signed may be in no log',
  );
  for (const attestation of at.at('attestations').items()) {
    draft.note(
      attestation.origin,
      `attestations of type ${attestation.at('predicateType').text()}: most entries do not show a type, so it is not expected (predicate_type would say it)`,
    );
    notePolicy(attestation.at('policy'), draft);
  }
  readStatic(at.at('static'), of, draft);
  readKey(at.at('key'), of, draft);
  readKeyless(at.at('keyless'), of, draft);
}

function readStatic(at: Cursor, of: string, draft: ImportDraft): void {
  const action = at.at('action').text();
  if (action === 'pass') {
    draft.note(at.origin, `${of} lets images pass without a signature: there is nothing to watch`);
  } else if (at.isSet) {
    draft.note(at.origin, `${of} refuses its images whoever signs: a watch needs to know who claims to sign them`);
  }
}

function readKey(at: Cursor, of: string, draft: ImportDraft): void {
  noteUnknownKeys(at, ['data', 'kms', 'secretRef', 'hashAlgorithm'], draft);
  say.noteIfSet(at.at('hashAlgorithm'), draft, say.HASHES);
  say.noteKms(at.at('kms'), draft);
  say.noteIfSet(at.at('secretRef'), draft, say.SECRET);
  if (at.at('data').isSet) {
    draft.acceptPem(at.at('data').text(), at.at('data').origin, of, 'all');
  }
}

function readKeyless(at: Cursor, of: string, draft: ImportDraft): void {
  if (!at.isSet) {
    return;
  }
  noteUnknownKeys(at, ['url', 'identities', 'ca-cert', 'trustRootRef', 'insecureIgnoreSCT'], draft);
  say.noteFulcio(at.at('url').text(), at.at('url').origin, draft);
  say.noteIfSet(at.at('ca-cert'), draft, say.PRIVATE_ROOTS);
  noteTrustRoot(at.at('trustRootRef'), draft);
  say.noteIfSet(at.at('insecureIgnoreSCT'), draft, say.IGNORES_SCT);
  const identities = at.at('identities').items();
  if (identities.length === 0) {
    draft.note(at.origin, `${of} names no identity: there is nothing to watch`);
  }
  for (const identity of identities) {
    noteUnknownKeys(identity, ['issuer', 'subject', 'issuerRegExp', 'subjectRegExp'], draft);
    acceptCosign(cosignIdentityAt(identity), {}, identity.origin, of, draft);
  }
}

function noteTrustRoot(at: Cursor, draft: ImportDraft): void {
  say.noteIfSet(
    at,
    draft,
    `the TrustRoot "${at.text()}" is not in this file: write its trusted root to a file and name it as trust.source`,
  );
}
