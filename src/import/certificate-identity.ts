import type { PatternSource } from '../policy/pattern.ts';
import type { Cursor } from './cursor.ts';
import type { ImportDraft } from './draft.ts';
import type { ClaimPatterns, Origin } from './identity.ts';
import { anywhere, both, exactly, isAnything } from './patterns.ts';

/** What cannot be said in a pattern. */
export const REFUSED: unique symbol = Symbol('cannot be said');

/** A text with its place. */
export interface Stated {
  readonly text: string;
  readonly origin: Origin;
}

/** What cosign and what is made of it asks of a certificate: texts are compared whole, expressions may match anywhere. */
export interface CosignIdentity {
  readonly subject: Stated | null;
  readonly subjectRegexp: Stated | null;
  readonly issuer: Stated | null;
  readonly issuerRegexp: Stated | null;
}

/** The identity that stands at `at`, as policy-controller and Kyverno's CEL policies write it. */
export function cosignIdentityAt(at: Cursor): CosignIdentity {
  return {
    subject: stated(at.at('subject')),
    subjectRegexp: stated(at.at('subjectRegExp')),
    issuer: stated(at.at('issuer')),
    issuerRegexp: stated(at.at('issuerRegExp')),
  };
}

/** Null for what is not set. */
export function stated(at: Cursor): Stated | null {
  return at.isSet ? { text: at.text(), origin: at.origin } : null;
}

/**
 * Accepts what a policy of cosign accepts: `more` are further claims that the certificate must meet. What cannot be said is noted, and
 * then nothing is accepted.
 */
export function acceptCosign(
  identity: CosignIdentity,
  more: ClaimPatterns,
  origin: Origin,
  of: string,
  draft: ImportDraft,
): void {
  const issuer = patternOf('issuer', identity.issuer, identity.issuerRegexp, draft);
  const subject = patternOf('subject', identity.subject, identity.subjectRegexp, draft);
  if (issuer === REFUSED || subject === REFUSED) {
    return;
  }
  acceptClaims(
    { ...(issuer !== null && { issuer }), ...(subject !== null && { subject }), ...more },
    origin,
    of,
    draft,
  );
}

/** Accepts certificates of these claims; of everybody nothing is made but a note. */
export function acceptClaims(claims: ClaimPatterns, origin: Origin, of: string, draft: ImportDraft): void {
  const meaningful = Object.fromEntries(Object.entries(claims).filter(([, source]) => !isAnything(source)));
  if (Object.keys(meaningful).length === 0) {
    draft.note(origin, `${of} accepts whoever signs: there is nothing to watch`);
    return;
  }
  draft.accept(meaningful, origin, of);
}

function patternOf(
  claim: 'issuer' | 'subject',
  text: Stated | null,
  regexp: Stated | null,
  draft: ImportDraft,
): PatternSource | null | typeof REFUSED {
  const exact = text === null ? null : sourceOf(text, draft, () => exactlyNoted(text, claim, draft));
  const matching = regexp === null ? null : sourceOf(regexp, draft, () => anywhere(regexp.text));
  if (exact === REFUSED || matching === REFUSED) {
    return REFUSED;
  }
  if (exact === null || matching === null || regexp === null) {
    return exact ?? matching;
  }
  draft.note(
    regexp.origin,
    `${claim} is asked for as a text and as an expression: versions of cosign differ about it, here both must hold`,
  );
  const source = both(exact, matching, claim);
  if (source === null) {
    draft.note(regexp.origin, `no ${claim} meets both the text and the expression: nobody is accepted`);
    return REFUSED;
  }
  return source;
}

function exactlyNoted({ text, origin }: Stated, claim: string, draft: ImportDraft): PatternSource {
  if (text.includes('*')) {
    draft.note(
      origin,
      `"*" stands for itself in this ${claim}, which is compared whole: nobody may ever meet it (an expression may have been meant)`,
    );
  }
  return exactly(text, claim);
}

/** What `make` makes of a text, unless it stands for something that is not in the file. */
export function sourceOf(
  { text, origin }: Stated,
  draft: ImportDraft,
  make: () => PatternSource,
): PatternSource | typeof REFUSED {
  if (isTemplate(text)) {
    draft.note(
      origin,
      `a variable, which only who runs the policy can fill in: write its value into the configuration`,
    );
    return REFUSED;
  }
  try {
    return make();
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
    draft.note(origin, `${error.message}: nobody is accepted by it`);
    return REFUSED;
  }
}

/** The values of Kyverno, Helm and GitHub Actions that are filled in later. */
export function isTemplate(text: string): boolean {
  return text.includes('{{');
}
