import type { Standing } from './standing.ts';
import type { NonEmpty } from '../lib/non-empty.ts';
import type { Pattern } from './pattern.ts';

export type Severity = 'critical' | 'high' | 'medium' | 'low';

/** One claim and the patterns of which any must match. */
export interface ClaimRule {
  readonly claim: string;
  readonly patterns: NonEmpty<Pattern>;
}

/** Claims of which all must hold. */
export type Selector = NonEmpty<ClaimRule>;

/** What people asked us to watch: which entries claim to be theirs, and what must then hold. */
export interface Watch {
  readonly name: string;
  readonly description: string | null;
  /** OR between selectors, AND inside one. */
  readonly select: NonEmpty<Selector>;
  /** All of it must hold; `none`: nothing may sign here; null: only observe. */
  readonly expect: readonly ClaimRule[] | 'none' | null;
  readonly mode: 'enforce' | 'audit';
  readonly severity: Severity;
  /** Channels instead of the routes; null: by the routes. */
  readonly notify: readonly string[] | null;
  /** Where attestations lie that the log does not hold; null: nowhere. */
  readonly attestations: AttestationPlace | null;
  /** Claims of which a value that this watch has never seen is told. */
  readonly firstSeen: readonly string[];
  /** When so many entries are a burst; null: never. */
  readonly burst: BurstRule | null;
  /** Without an expected entry for so long, something is missing; null: nothing is awaited. */
  readonly cadenceMs: number | null;
  /** Who else may sign what this watch's signers signed; null: nobody looks. */
  readonly artifacts: ArtifactsRule | null;
}

/** More than `over` entries within `perMs` milliseconds are told. */
export interface BurstRule {
  readonly perMs: number;
  /** `auto`: more than the watch's own history makes likely. */
  readonly over: number | 'auto';
}

/** What is told of the artifacts that expected signers of a watch signed. */
export interface ArtifactsRule {
  /** Whoever else signs one of them is told. */
  readonly follow: boolean;
  /** But for signers that meet one of these. */
  readonly allow: readonly Selector[];
}

/** Where the public attestations of a watch's artifacts lie. */
export type AttestationPlace =
  | { readonly kind: 'github'; /** Base URL of the API. */ readonly url: string; readonly token: string | null }
  | { readonly kind: 'directory'; readonly path: string };

/** `unparsable` is said of an entry that cannot be read and holds what a watch selects, never of a signer. */
export type Verdict = 'expected' | 'unexpected' | 'forged' | 'unverifiable' | 'observed' | 'unparsable';

/** Whether a certificate chains to a trusted CA at its own notBefore. `unknown`: the trust data cannot say for that time. */
export type ChainVerdict = 'trusted' | 'untrusted' | 'unknown';

/** One claim that does not hold. */
export interface Violation {
  readonly claim: string;
  /** As the watch writes it: a pattern, or a list of them. */
  readonly expected: unknown;
  /** The value that failed; several values (`subject`) as a list; null when the claim is absent. */
  readonly found: string | readonly string[] | null;
}

/** What one watch makes of one signer of one entry, and what is known of the signer. */
export interface Judgement extends Standing {
  readonly watch: string;
  /** Position in the entry's signers. */
  readonly signer: number;
  readonly verdict: Verdict;
  readonly violations: readonly Violation[];
  /** Set while nobody is told, because what is missing may still come: the verdict is `unverifiable` until then. */
  readonly awaits?: 'attestation';
  /** Where an attestation was looked for in vain, and why it is not there; absent where none was looked for. */
  readonly sought?: { readonly place: string; readonly why: string };
  /** Set for a signer that the watch does not select, who signed an artifact that it follows. */
  readonly resigned?: Resigned;
}

/** That somebody else signed an artifact of a watch's signers. */
export interface Resigned {
  /** `ALGORITHM:hex`. */
  readonly artifact: string;
  /** How many further artifacts of the watch the same entry signs. */
  readonly more: number;
  /** Who signed it for the watch before, or beside it. */
  readonly ours: OwnSignature;
  /** What of the watch the identity imitates, and how, in words; null: it resembles nothing of it. */
  readonly imitates: string | null;
  /** So many others signed it by now that it is hardly the watch's own: only who imitates is told from here on. */
  readonly isCrowd: boolean;
}

/** The entry by which an artifact became one that a watch follows. */
export interface OwnSignature {
  /** Origin. */
  readonly log: string;
  readonly index: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The signer in a few words; null where it is not known any more. */
  readonly by: string | null;
}
