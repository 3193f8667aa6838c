import type { PatternSource } from '../policy/pattern.ts';
import { acceptClaims, REFUSED, sourceOf, stated, type Stated } from './certificate-identity.ts';
import type { Cursor } from './cursor.ts';
import type { ImportDraft } from './draft.ts';
import * as say from './infrastructure.ts';
import { noteUnknownKeys } from './known-keys.ts';
import { anyOf, anywhere, both, exactly, wildcard } from './patterns.ts';

const RULE_KEYS = [
  'type',
  'image',
  'imageReferences',
  'skipImageReferences',
  'key',
  'roots',
  'subject',
  'issuer',
].concat(
  ['additionalExtensions', 'attestors', 'attestations', 'annotations', 'repository', 'cosignOCI11', 'mutateDigest'],
  ['verifyDigest', 'validate', 'required', 'imageRegistryCredentials', 'useCache', 'failureAction'],
);
const ENTRY_KEYS = ['keys', 'certificates', 'keyless', 'attestor', 'annotations', 'repository', 'signatureAlgorithm'];
const KEYLESS_KEYS = ['rekor', 'ctlog', 'issuer', 'issuerRegExp', 'subject', 'subjectRegExp', 'roots'].concat(
  'additionalExtensions',
);
const KEYS_KEYS = ['publicKeys', 'signatureAlgorithm', 'kms', 'secret', 'rekor', 'ctlog'];

/** GitHub's extensions by the names that Kyverno knows and by their old OIDs, which are all that it reads. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  oidcIssuer: 'issuer',
  '1.3.6.1.4.1.57264.1.1': 'issuer',
  githubWorkflowTrigger: 'trigger',
  '1.3.6.1.4.1.57264.1.2': 'trigger',
  githubWorkflowSha: 'source_digest',
  '1.3.6.1.4.1.57264.1.3': 'source_digest',
  githubWorkflowName: 'oid:1.3.6.1.4.1.57264.1.4',
  '1.3.6.1.4.1.57264.1.4': 'oid:1.3.6.1.4.1.57264.1.4',
  githubWorkflowRepository: 'source_repository',
  '1.3.6.1.4.1.57264.1.5': 'source_repository',
  githubWorkflowRef: 'source_ref',
  '1.3.6.1.4.1.57264.1.6': 'source_ref',
};

/** How deep attestors may stand in attestors. */
const MAX_DEPTH = 10;

interface Rule {
  readonly of: string;
  readonly draft: ImportDraft;
  /** Verified by sigstore-go, which knows no wildcards. */
  readonly isBundle: boolean;
}

/** Reads the rules `verifyImages` of a Kyverno ClusterPolicy or Policy (kyverno.io/v1, v2beta1). */
export function readKyvernoClusterPolicy(policy: Cursor, draft: ImportDraft): void {
  const name = `Kyverno ${policy.at('kind').text()} "${policy.at('metadata', 'name').text()}"`;
  draft.sources.push(name);
  const rules = policy.at('spec', 'rules').items();
  const verifying = rules.filter((rule) => rule.at('verifyImages').isSet);
  for (const rule of verifying.length === 0 ? [] : rules.filter((each) => !verifying.includes(each))) {
    draft.note(rule.origin, `the rule "${rule.at('name').text()}" verifies no images and was left out`);
  }
  if (verifying.length === 0) {
    draft.note(policy.origin, `${name} verifies no images: there is nothing to import`);
  }
  if (policy.at('spec', 'validationFailureAction').text().toLowerCase() === 'audit') {
    draft.note(policy.at('spec', 'validationFailureAction').origin, `validationFailureAction Audit: ${say.LETS_PASS}`);
  }
  for (const rule of verifying) {
    say.noteIfSet(rule.at('match'), draft, say.RESOURCES);
    say.noteIfSet(rule.at('exclude'), draft, say.RESOURCES);
    say.noteIfSet(rule.at('preconditions'), draft, 'conditions about a request: no entry shows it');
    for (const verify of rule.at('verifyImages').items()) {
      readVerify(verify, `${name}, rule "${rule.at('name').text()}"`, draft);
    }
  }
}

function readVerify(at: Cursor, of: string, draft: ImportDraft): void {
  const type = at.at('type').text();
  if (type === 'Notary') {
    draft.note(at.origin, 'signatures of Notary: they are in no transparency log');
    return;
  }
  const rule: Rule = { of, draft, isBundle: type === 'SigstoreBundle' };
  noteUnknownKeys(at, RULE_KEYS, draft);
  say.noteIfSet(at.at('imageReferences'), draft, say.IMAGES);
  say.noteIfSet(at.at('image'), draft, say.IMAGES);
  say.noteIfSet(at.at('skipImageReferences'), draft, say.IMAGES);
  say.noteIfSet(at.at('annotations'), draft, say.ANNOTATIONS);
  say.noteIfSet(at.at('roots'), draft, say.PRIVATE_ROOTS);
  say.noteIfSet(at.at('repository'), draft, say.PLACES);
  if (at.at('failureAction').text().toLowerCase() === 'audit') {
    draft.note(at.at('failureAction').origin, `failureAction Audit: ${say.LETS_PASS}`);
  }
  say.noteIfSet(at.at('validate'), draft, 'conditions about what was attested: an entry does not show them');
  readDeprecated(at, rule);
  const sets = at.at('attestors').items();
  if (sets.length > 1) {
    draft.note(
      at.at('attestors').origin,
      `each of ${sets.length} sets of attestors must have signed: an entry shows one signer, so each attestor is expected alone`,
    );
  }
  sets.forEach((set) => {
    readSet(set, rule, 0);
  });
  for (const attestation of at.at('attestations').items()) {
    readAttestation(attestation, rule);
  }
}

/** Before there were attestors, one stood in the rule itself. */
function readDeprecated(at: Cursor, rule: Rule): void {
  if (at.at('key').isSet) {
    readKeyText(at.at('key'), rule);
  } else if (at.at('issuer').isSet) {
    readKeyless(at, rule);
  } else if (at.at('subject').isSet || at.at('additionalExtensions').isSet) {
    rule.draft.note(
      at.origin,
      'Kyverno reads subject and additionalExtensions here only beside an issuer: they were left out',
    );
  }
}

function readAttestation(at: Cursor, rule: Rule): void {
  const { draft } = rule;
  const type = at.at('type').isSet ? at.at('type') : at.at('predicateType');
  say.noteIfSet(
    type,
    draft,
    `attestations of type ${type.text()}: most entries do not show a type, so it is not expected (predicate_type would say it)`,
  );
  say.noteIfSet(at.at('conditions'), draft, 'conditions about what was attested: an entry does not show them');
  at.at('attestors')
    .items()
    .forEach((set) => {
      readSet(set, rule, 0);
    });
}

function readSet(at: Cursor, rule: Rule, depth: number): void {
  const { draft } = rule;
  noteUnknownKeys(at, ['count', 'entries'], draft);
  const entries = at.at('entries').items();
  const count = at.at('count').value;
  // Several keys in one text are several entries (Kyverno's ExpandStaticKeys).
  const all = entries.reduce((sum, entry) => sum + Math.max(keyCount(entry.at('keys', 'publicKeys').text()), 1), 0);
  const needed = typeof count === 'number' && count > 0 ? count : all;
  if (needed > 1) {
    draft.note(
      at.origin,
      `${needed} of ${all} attestors must have signed: an entry shows one signer, so each attestor is expected alone`,
    );
  }
  if (depth > MAX_DEPTH) {
    draft.note(at.origin, 'attestors stand too deep in attestors: they were left out');
    return;
  }
  for (const entry of entries) {
    readEntry(entry, rule, depth);
  }
}

function keyCount(text: string): number {
  return text.split('-----END PUBLIC KEY-----').length - 1;
}

function readEntry(at: Cursor, rule: Rule, depth: number): void {
  const { draft, of } = rule;
  noteUnknownKeys(at, ENTRY_KEYS, draft);
  say.noteIfSet(at.at('annotations'), draft, say.ANNOTATIONS);
  say.noteIfSet(at.at('repository'), draft, say.PLACES);
  say.noteIfSet(at.at('signatureAlgorithm'), draft, say.HASHES);
  if (at.at('attestor').isSet) {
    readSet(at.at('attestor'), rule, depth + 1);
  }
  const [keys, certificates, keyless] = [at.at('keys'), at.at('certificates'), at.at('keyless')];
  if (keys.isSet) {
    noteUnknownKeys(keys, KEYS_KEYS, draft);
    readServices(keys, draft);
    say.noteIfSet(keys.at('signatureAlgorithm'), draft, say.HASHES);
    readKeyText(keys.at('publicKeys'), rule);
    say.noteKms(keys.at('kms'), draft);
    say.noteIfSet(keys.at('secret'), draft, say.SECRET);
  }
  if (certificates.isSet) {
    noteUnknownKeys(certificates, ['cert', 'certChain', 'rekor', 'ctlog'], draft);
    readServices(certificates, draft);
    if (certificates.at('cert').isSet) {
      readPem(certificates.at('cert'), rule, 'first');
    } else {
      draft.note(
        certificates.origin,
        `${of} accepts whoever an authority certifies: an identity is needed to watch it`,
      );
    }
    say.noteIfSet(certificates.at('certChain'), draft, say.PRIVATE_ROOTS);
  }
  if (keyless.isSet) {
    noteUnknownKeys(keyless, KEYLESS_KEYS, draft);
    readServices(keyless, draft);
    say.noteIfSet(keyless.at('roots'), draft, say.PRIVATE_ROOTS);
    readKeyless(keyless, rule);
  }
}

function readServices(at: Cursor, draft: ImportDraft): void {
  noteUnknownKeys(at.at('rekor'), ['url', 'pubkey', 'ignoreTlog'], draft);
  noteUnknownKeys(at.at('ctlog'), ['ignoreSCT', 'pubkey', 'tsaCertChain'], draft);
  say.noteRekor(at.at('rekor', 'url').text(), at.at('rekor', 'url').origin, draft);
  say.noteIfSet(at.at('rekor', 'pubkey'), draft, say.OTHER_REKOR_KEY);
  say.noteIfSet(at.at('rekor', 'ignoreTlog'), draft, say.IGNORES_TLOG);
  say.noteIfSet(at.at('ctlog', 'ignoreSCT'), draft, say.IGNORES_SCT);
  say.noteIfSet(at.at('ctlog', 'pubkey'), draft, 'the key of a CT log: sigwatch knows those of the trust source');
  say.noteIfSet(at.at('ctlog', 'tsaCertChain'), draft, 'a time-stamping authority: no entry shows its stamps');
}

/** Keys in PEM, or where they are to be found. */
function readKeyText(at: Cursor, rule: Rule): void {
  const text = at.text().trim();
  if (text === '') {
    return;
  }
  const message = text.startsWith('k8s://') ? say.SECRET : /^[a-z0-9]+:\/\//i.test(text) ? say.KMS : null;
  if (message === null) {
    readPem(at, rule, 'all');
  } else {
    rule.draft.note(at.origin, `${text}: ${message}`);
  }
}

function readPem(at: Cursor, { draft, of }: Rule, counting: 'all' | 'first'): void {
  const text = at.text();
  // A certificate may stand there in base64 of its PEM.
  const isPem = text.includes('-----BEGIN');
  const pem = isPem ? text : Buffer.from(text, 'base64').toString('latin1');
  if (text.includes('{{')) {
    draft.note(at.origin, 'a variable, which only Kyverno can fill in: add the fingerprint of the key as key');
  } else {
    draft.acceptPem(pem, at.origin, of, counting);
  }
}

/** The identity at `at`. Texts have wildcards; of subject and subjectRegExp either will do, of the issuer's both must hold. */
function readKeyless(at: Cursor, rule: Rule): void {
  const { draft, of, isBundle } = rule;
  const textual = isBundle ? exactly : wildcard;
  const read = (key: string, make: (text: string) => PatternSource): PatternSource | null | typeof REFUSED => {
    const found: Stated | null = stated(at.at(key));
    return found === null ? null : sourceOf(found, draft, () => make(found.text));
  };
  const subject = read('subject', (text) => textual(text, 'subject'));
  const subjectRegexp = read('subjectRegExp', anywhere);
  const issuer = read('issuer', (text) => textual(text, 'issuer'));
  const issuerRegexp = read('issuerRegExp', anywhere);
  const extensions = isBundle ? {} : readExtensions(at.at('additionalExtensions'), draft);
  const parts = [subject, subjectRegexp, issuer, issuerRegexp];
  if (parts.includes(REFUSED) || extensions === null) {
    return;
  }
  const [who, whoRegexp, by, byRegexp] = parts as (PatternSource | null)[];
  if (isBundle && ((who ?? whoRegexp) == null || (by ?? byRegexp) == null)) {
    draft.note(
      at.origin,
      `${of} accepts whoever signs: of a bundle Kyverno compares subject and issuer only where both are given`,
    );
    return;
  }
  const subjects = isBundle ? joined(who, whoRegexp, 'subject') : either(who, whoRegexp);
  const issuers = joined(by, byRegexp, 'issuer');
  const ofExtension = extensions['issuer'];
  const allIssuers = ofExtension === undefined ? issuers : joined(issuers, ofExtension, 'issuer');
  if (subjects === NOBODY || allIssuers === NOBODY) {
    draft.note(at.origin, `${of}: no certificate meets both patterns: nobody is accepted`);
    return;
  }
  const claims = {
    ...(allIssuers !== null && { issuer: allIssuers }),
    ...(subjects !== null && { subject: subjects }),
    ...Object.fromEntries(Object.entries(extensions).filter(([claim]) => claim !== 'issuer')),
  };
  acceptClaims(claims, at.origin, of, draft);
}

const NOBODY = Symbol('nothing meets both');

function either(a: PatternSource | null | undefined, b: PatternSource | null | undefined): PatternSource | null {
  const sources = [a, b].filter((source) => source != null);
  return sources.length === 0 ? null : anyOf(sources);
}

function joined(
  a: PatternSource | null | undefined | typeof NOBODY,
  b: PatternSource | null | undefined,
  claim: string,
): PatternSource | null | typeof NOBODY {
  if (a === NOBODY) {
    return NOBODY;
  }
  return a == null || b == null ? (a ?? b ?? null) : (both(a, b, claim) ?? NOBODY);
}

/** Null where an extension cannot be said, which is noted. */
function readExtensions(at: Cursor, draft: ImportDraft): Record<string, PatternSource> | null {
  const claims: Record<string, PatternSource> = {};
  for (const key of at.keys()) {
    const value = at.at(key);
    const claim = EXTENSIONS[key];
    if (claim === undefined) {
      draft.note(value.origin, `Kyverno knows no extension "${key}": nobody is accepted`);
      return null;
    }
    const source = sourceOf({ text: value.text(), origin: value.origin }, draft, () =>
      claim === 'source_repository'
        ? wildcard(`https://github.com/${value.text()}`, claim)
        : wildcard(value.text(), claim),
    );
    if (source === REFUSED) {
      return null;
    }
    claims[claim] = source;
  }
  return claims;
}
