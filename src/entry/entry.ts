/** Claims by name: `issuer`, `subject` (every SAN), …, `oid:1.2.3`. Each holds one value but `subject`. An absent claim has no key. */
export type Claims = Readonly<Record<string, readonly string[]>>;

/** What of an X.509 certificate is looked at. Times are Unix milliseconds; all buffers are DER. */
export interface Certificate {
  /** The certificate; of a logged precertificate see {@link Precertificate}. */
  readonly der: Buffer;
  /** SubjectPublicKeyInfo. */
  readonly spki: Buffer;
  readonly notBefore: number;
  readonly notAfter: number;
  /** The extended key usage lists code signing. */
  readonly codeSigning: boolean;
  readonly claims: Claims;
  /** Set where a CT log holds only what was to be certified: then everything here but `der` is from that. */
  readonly precertificate?: Precertificate;
}

/** What a CT log holds of a certificate that was to be issued (RFC 6962 §3.1). */
export interface Precertificate {
  /** SHA-256 of the SubjectPublicKeyInfo of who was to issue it, as logged. */
  readonly issuerKeyHash: Buffer;
  /**
   * True when a precertificate came with the entry that holds, byte for byte, what was logged: then `der` is that, signed
   * and poisoned. Else `der` is the bare TBSCertificate, which nobody signed.
   */
  readonly holds: boolean;
}

export type SignerType = 'certificate' | 'public-key';

/** Who signed an entry, by what the entry holds. Nothing here is proven: that the certificate chains is for the judge to ask. */
export interface Signer {
  readonly type: SignerType;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. Also the claim `key`. */
  readonly fingerprint: string;
  /** The certificate's claims and `key`. */
  readonly claims: Claims;
  /** Null for a raw key. */
  readonly certificate: Certificate | null;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  /** The signature bytes as the entry records them; null where it records none. */
  readonly signature: Buffer | null;
}

/** A digest that the entry records and that its signature is made over. */
export interface SignedDigest {
  readonly algorithm: 'sha256' | 'sha384' | 'sha512';
  readonly value: Buffer;
}

/** Whether a signature holds over the digest its entry records. */
export type SignatureVerdict = 'verified' | 'invalid' | 'not-checkable';

/** What an entry says, whatever its format. */
export interface ParsedEntry {
  readonly kind: string;
  readonly apiVersion: string;
  /** Empty for kinds whose signers are not read. */
  readonly signers: readonly Signer[];
  /** Digests the entry binds, as `sha256:hex`. */
  readonly artifacts: readonly string[];
  /** Set for hashedrekord only: what the signature is over. */
  readonly signedDigest: SignedDigest | null;
  /**
   * Set for what a CT log holds, which shows that a certificate was issued and not that anything was signed: the same for
   * a precertificate and the certificate that became of it, hex.
   */
  readonly issuance?: string;
}

/** What a format gives beside its name and version. */
export type EntryContent = Omit<ParsedEntry, 'kind' | 'apiVersion' | 'issuance'>;

/** The outcome of reading one leaf. An entry that cannot be read is a result, never an exception. */
export type DecodedEntry =
  | { readonly ok: true; readonly entry: ParsedEntry }
  | { readonly ok: false; readonly kind: string | null; readonly apiVersion: string | null; readonly problem: string };
