import type { Verdict, Violation } from './watch.ts';

/** A signer that a watch has judged, as its history holds it. */
export interface SeenSigner {
  /** Origin. */
  readonly log: string;
  readonly index: number;
  readonly verdict: Verdict;
  readonly violations: readonly Violation[];
  /** Whether it signed with a certificate. */
  readonly isCertificate: boolean;
  /** Whether the entry shows a certificate that was issued, and no signature (CT). */
  readonly isIssuance: boolean;
  /** By name, computed ones too; absent claims have no key. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
  /** Claims of it are written wrongly, so that no `expect` of them ever holds. */
  readonly isMiswritten: boolean;
}
