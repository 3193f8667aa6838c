import type { Cursor } from './cursor.ts';
import type { ImportDraft } from './draft.ts';
import type { Origin } from './identity.ts';

const PUBLIC_REKOR = /^https:\/\/rekor\.sigstore\.dev\/?$/;
const PUBLIC_FULCIO = /^https:\/\/fulcio\.sigstore\.dev\/?$/;

/** Notes a log other than the public one: its key is not in the policy, so it cannot be followed yet. */
export function noteRekor(url: string, origin: Origin, draft: ImportDraft): void {
  if (url !== '' && !PUBLIC_REKOR.test(url)) {
    draft.note(
      origin,
      `the log ${url} is not the public one: add it to logs.custom, with its origin and its public key`,
    );
  }
}

/** Notes a certificate authority other than the public one, by its URL. */
export function noteFulcio(url: string, origin: Origin, draft: ImportDraft): void {
  if (url !== '' && !PUBLIC_FULCIO.test(url)) {
    draft.note(
      origin,
      `the certificate authority ${url} is not the public one: add its chain to trust.certificate_authorities, or its signers are forged`,
    );
  }
}

/** Notes a key that a key management system keeps. */
export function noteKms(at: Cursor, draft: ImportDraft): void {
  noteIfSet(at, draft, `${at.text()}: ${KMS}`);
}

/** Notes what stands at `at`, if anything does. */
export function noteIfSet(at: Cursor, draft: ImportDraft, message: string): void {
  if (at.isSet && at.value !== false) {
    draft.note(at.origin, message);
  }
}

export const PRIVATE_ROOTS =
  'certificates of other authorities than the public one: write them to a file and name it in trust.certificate_authorities, or their signers are forged';
export const OTHER_REKOR_KEY =
  'the key of a log: write it to a file and name it in logs.custom with the log, or in logs.override';
export const IGNORES_TLOG =
  'signatures that are in no log are accepted as well: those are never seen here, expected all to be logged';
export const IGNORES_SCT = 'certificates that no CT log knows are accepted: do not add "sct: verified" to expect';
export const ANNOTATIONS = 'annotations of a signature: no entry shows them';
export const KMS =
  'a key of a key management system: get its public part (cosign public-key --key …) and add its fingerprint as key';
export const SECRET = 'a key in a Kubernetes secret: get its public part and add its fingerprint as key';
export const RESOURCES = 'which resources are meant: no entry shows what runs where';
export const LETS_PASS =
  'images pass, and are only reported: here whoever is not accepted is told as usual (mode: audit would only record)';
export const PLACES = 'where signatures lie: no entry shows it';
export const HASHES = 'which hash must have been signed: it is not expected here';
export const IMAGES =
  'which images are meant: no entry shows the name of an image, so signatures of all images are judged alike';
