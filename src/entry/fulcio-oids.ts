import { encodeOid } from './der.ts';

/** Where Fulcio's extensions are numbered (fulcio docs/oid-info.md). */
export const FULCIO_OID = '1.3.6.1.4.1.57264.1';

/** The encoded bytes of that as Latin-1 characters; those of an extension have one more, its number. */
export const FULCIO = encodeOid(FULCIO_OID);

/** Where the issuer stood before there was .8. */
export const FIRST_ISSUER = `oid:${FULCIO_OID}.1`;

export interface FulcioExtension {
  readonly claim: string;
  /** The content is the text itself, not a UTF8String of it. */
  readonly isPlain: boolean;
}

/** The extensions of which each holds one UTF8String and is a claim, in order from .8 on. */
const CLAIMS_FROM_8 = ['issuer', 'builder', 'builder_digest', 'runner', 'source_repository', 'source_digest'].concat(
  ['source_ref', 'source_repository_id', 'source_owner', 'source_owner_id', 'workflow', 'workflow_digest'],
  ['trigger', 'run', 'visibility', 'environment', 'token_subject'],
);
/** The issuer before there was .8, and the old ones of GitHub. */
const PLAIN_NUMBERS = [1, 2, 3, 4, 5, 6];

/** What Fulcio's extensions mean, by their number. */
export const FULCIO_EXTENSIONS: ReadonlyMap<number, FulcioExtension> = new Map<number, FulcioExtension>([
  ...PLAIN_NUMBERS.map((number) => [number, { claim: `oid:${FULCIO_OID}.${number}`, isPlain: true }] as const),
  ...CLAIMS_FROM_8.map((claim, index) => [index + 8, { claim, isPlain: false }] as const),
]);
