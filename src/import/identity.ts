import type { PatternSource } from '../policy/pattern.ts';

/** Where something stands in what is imported. */
export interface Origin {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** Patterns by claim, of which all must hold. */
export type ClaimPatterns = Readonly<Record<string, PatternSource>>;

/** Whom a policy accepts: a certificate that meets all of its claims. Several identities are alternatives. */
export interface Identity {
  readonly claims: ClaimPatterns;
  readonly origin: Origin;
  /** What it stood in, for people: `Kyverno ClusterPolicy "check-images"`. */
  readonly of: string;
}

/** A key that a policy accepts. */
export interface AcceptedKey {
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly fingerprint: string;
  readonly origin: Origin;
  readonly of: string;
}

/** What a monitor looks for, whoever is right to sign. */
export interface Monitored {
  readonly group: 'identities' | 'extensions' | 'keys';
  readonly select: ClaimPatterns;
  readonly origin: Origin;
  readonly of: string;
}

/** Something that could not be said in a watch, and why. */
export interface Note extends Origin {
  readonly message: string;
}

/** `file:line`, as compilers print it. */
export function formatOrigin({ file, line }: Origin): string {
  return `${file}:${line}`;
}
