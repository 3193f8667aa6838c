import type { PatternSource } from '../policy/pattern.ts';
import { expandShorthand } from '../policy/pattern.ts';
import { isOidClaim, nameOfOid } from '../policy/claims.ts';
import { REFUSED, sourceOf } from './certificate-identity.ts';
import type { Cursor } from './cursor.ts';
import type { ImportDraft } from './draft.ts';
import type { Origin } from './identity.ts';
import * as say from './infrastructure.ts';
import { noteUnknownKeys, noteUnlessList } from './known-keys.ts';
import { anyOf, anywhere, exactly } from './patterns.ts';

const FULCIO = '1.3.6.1.4.1.57264.1';

/** Fulcio's extensions by their keys in rekor-monitor (pkg/fulcio/extensions); the issuer stands for both of its own. */
const EXTENSIONS: Readonly<Record<string, readonly number[]>> = {
  issuer: [1, 8],
  'github-workflow-trigger': [2],
  'github-workflow-sha': [3],
  'github-workflow-name': [4],
  'github-workflow-repository': [5],
  'github-workflow-ref': [6],
  'build-signer-uri': [9],
  'build-signer-digest': [10],
  'runner-environment': [11],
  'source-repository-uri': [12],
  'source-repository-digest': [13],
  'source-repository-ref': [14],
  'source-repository-identifier': [15],
  'source-repository-owner-uri': [16],
  'source-repository-owner-identifier': [17],
  'build-config-uri': [18],
  'build-config-digest': [19],
  'build-trigger': [20],
  'run-invocation-uri': [21],
  'source-repository-visibility-at-signing': [22],
};

/** What stands beside the monitored values, and what does it here. */
const OTHERS: Readonly<Record<string, string>> = {
  startIndex: 'where to begin: see logs.start',
  endIndex: 'where to end: sigwatch follows each log on',
  outputIdentities: 'a file of what was found: see `sigwatch history`',
  outputIdentitiesFormat: 'a file of what was found: see `sigwatch history --json`',
  logInfoFile: 'a file with the last checkpoint: checkpoints are in the database',
  identityMetadataFile: 'a file of what was found: it is in the database',
  githubIssue: 'issues on GitHub: see notify for the channels there are',
  emailNotificationSMTP: 'mail: see notify.channels, type email',
  emailNotificationMailgun: 'mail: see notify.channels, type email, by the SMTP server of Mailgun',
  emailNotificationSendGrid: 'mail: see notify.channels, type email, by the SMTP server of SendGrid',
  caRootsFile: say.PRIVATE_ROOTS,
  caIntermediatesFile: say.PRIVATE_ROOTS,
  ctShards: 'CT logs: write logs.ct: true to follow those of the trust source',
};

/** Whether a document is a configuration of rekor-monitor. */
export function isRekorMonitor(document: Cursor): boolean {
  return document.at('monitoredValues').isSet && !document.at('kind').isSet;
}

/** Reads what a configuration of rekor-monitor looks for. */
export function readRekorMonitor(config: Cursor, draft: ImportDraft): void {
  const of = 'rekor-monitor configuration';
  draft.sources.push(of);
  noteUnknownKeys(config, ['monitoredValues', ...Object.keys(OTHERS)], draft);
  for (const [key, message] of Object.entries(OTHERS)) {
    say.noteIfSet(config.at(key), draft, `${key}: ${message}`);
  }
  const values = config.at('monitoredValues');
  noteUnknownKeys(values, ['certIdentities', 'subjects', 'fingerprints', 'oidMatchers'], draft);
  noteUnlessList(values.at('certIdentities'), draft, { ofTexts: false });
  for (const key of ['subjects', 'fingerprints']) {
    noteUnlessList(values.at(key), draft, { ofTexts: true });
  }
  for (const identity of values.at('certIdentities').items()) {
    readCertificateIdentity(identity, of, draft);
  }
  for (const { text, origin } of values.at('subjects').texts()) {
    const source = expression(text, origin, draft);
    if (source !== REFUSED) {
      // Its subjects are those of PGP and SSH keys and of certificates alike.
      draft.monitor('identities', { key_subject: source }, origin, of);
      draft.monitor('identities', { subject: source }, origin, of);
    }
  }
  for (const { text, origin } of values.at('fingerprints').texts()) {
    readFingerprint(text.trim(), origin, of, draft);
  }
  if (
    values
      .at('fingerprints')
      .texts()
      .some(({ text }) => /^[0-9a-f]{64}$/i.test(text.trim()))
  ) {
    draft.note(
      values.at('fingerprints').origin,
      'fingerprints find keys, also those of certificates; the digest of a whole certificate finds nothing here',
    );
  }
  readExtensions(values.at('oidMatchers'), of, draft);
}

function readCertificateIdentity(at: Cursor, of: string, draft: ImportDraft): void {
  noteUnknownKeys(at, ['certSubject', 'issuers'], draft);
  noteUnlessList(at.at('issuers'), draft, { ofTexts: true });
  const subject = expression(at.at('certSubject').text(), at.at('certSubject').origin, draft);
  const issuers = at
    .at('issuers')
    .texts()
    .map(({ text, origin }) => expression(text, origin, draft))
    .filter((source) => source !== REFUSED);
  const isNarrowed = at.at('issuers').items().length > 0;
  if (subject === REFUSED || (isNarrowed && issuers.length === 0)) {
    return;
  }
  draft.monitor('identities', { subject, ...(isNarrowed && { issuer: anyOf(issuers) }) }, at.origin, of);
}

function expression(text: string, origin: Origin, draft: ImportDraft): PatternSource | typeof REFUSED {
  if (text === '') {
    draft.note(origin, 'an empty expression: rekor-monitor refuses it');
    return REFUSED;
  }
  return sourceOf({ text, origin }, draft, () => anywhere(text));
}

/** Hex of SHA-256 and SHA-1 digests; SSH's base64 of SHA-256, with or without the name before it. */
function readFingerprint(text: string, origin: Origin, of: string, draft: ImportDraft): void {
  const hex = /^(?:[0-9a-f]{64}|[0-9a-f]{40})$/i.exec(text)?.[0];
  const ssh = /^(?:SHA256:)?([A-Za-z0-9+/]{43})$/.exec(text)?.[1];
  if (hex === undefined && ssh === undefined) {
    draft.note(origin, `"${text}" is no fingerprint: expected 64 hex digits, 40 of PGP, or SHA256:… of SSH`);
    return;
  }
  draft.monitor('keys', { key: hex?.toLowerCase() ?? `SHA256:${ssh ?? ''}` }, origin, of);
}

interface Matcher {
  readonly values: readonly string[];
  readonly origin: Origin;
}

/** Values are compared whole. Of an extension that stands in several lists the last is what rekor-monitor looks for. */
function readExtensions(at: Cursor, of: string, draft: ImportDraft): void {
  noteUnknownKeys(at, ['oidExtensions', 'fulcioExtensions', 'customExtensions'], draft);
  const matchers = new Map<string, Matcher>();
  const add = (oid: string, values: Cursor): void => {
    const earlier = matchers.get(oid);
    if (earlier !== undefined) {
      draft.note(
        earlier.origin,
        `values of the extension ${oid}: rekor-monitor takes those of line ${values.origin.line} instead`,
      );
    }
    noteUnlessList(values, draft, { ofTexts: true });
    matchers.set(oid, { values: values.texts().map(({ text }) => text), origin: values.origin });
  };
  for (const item of at.at('oidExtensions').items()) {
    const arcs = item.at('objectIdentifier').value;
    add(Array.isArray(arcs) ? arcs.join('.') : '', item.at('extensionValues'));
  }
  const fulcio = at.at('fulcioExtensions');
  noteUnknownKeys(fulcio, Object.keys(EXTENSIONS), draft);
  for (const [key, arcs] of Object.entries(EXTENSIONS)) {
    if (fulcio.at(key).isSet) {
      arcs.forEach((arc) => {
        add(`${FULCIO}.${arc}`, fulcio.at(key));
      });
    }
  }
  for (const item of at.at('customExtensions').items()) {
    add(item.at('objectIdentifier').text(), item.at('extensionValues'));
  }
  for (const [oid, { values, origin }] of matchers) {
    monitorExtension(oid, values, origin, of, draft);
  }
}

function monitorExtension(
  oid: string,
  values: readonly string[],
  origin: Origin,
  of: string,
  draft: ImportDraft,
): void {
  const written = `oid:${oid}`;
  if (!isOidClaim(written)) {
    draft.note(origin, `"${oid}" is no object identifier, expected one such as ${FULCIO}.9`);
    return;
  }
  const claim = oid === `${FULCIO}.1` ? 'issuer' : (nameOfOid(written) ?? written);
  const sources = values.filter((value) => value !== '').map((value) => exactly(value, claim));
  if (sources.length === 0) {
    draft.note(origin, `the extension ${oid} has no values: rekor-monitor refuses that`);
    return;
  }
  const isPath = values.some((value) => expandShorthand(value, claim) !== value);
  if (isPath) {
    draft.note(origin, `the extension ${oid} is compared whole with what is no URL: nothing may ever meet it`);
  }
  draft.monitor('extensions', { [claim]: anyOf(sources) }, origin, of);
}
