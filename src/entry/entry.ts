/** Claims by name: `issuer`, `subject` (every SAN), …, `oid:1.2.3`. Each holds one value but `subject`. An absent claim has no key. */
export type Claims = Readonly<Record<string, readonly string[]>>;

/** Faults by claim, in words. Empty for what is as it should be. */
export type Problems = Readonly<Record<string, string>>;

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
  /** What is wrong with the way a claim is written, by claim, in words: such a claim holds every value it may stand for. */
  readonly problems: Problems;
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

/** `none`: the entry names nobody (a timestamp of RFC 3161, an entry that cannot be read). */
export type SignerType = 'certificate' | 'public-key' | 'pgp' | 'ssh' | 'minisign' | 'tuf' | 'none';

/** Who signed an entry, by what the entry holds. Nothing here is proven: that the certificate chains is for the judge to ask. */
export interface Signer {
  readonly type: SignerType;
  /**
   * Also the first of the claim `key`. Of certificates and raw keys SHA-256 of the SubjectPublicKeyInfo, lower-case hex; of PGP
   * the fingerprint of the primary key in lower-case hex; of SSH `SHA256:` and unpadded base64; of minisign the key id in hex; of
   * TUF the key id. Null where there is no key.
   */
  readonly fingerprint: string | null;
  /**
   * The certificate's claims; `key`, all fingerprints by which `select` finds the key (PGP: also those of its subkeys), while `expect`
   * is held against `fingerprint`; `key_subject`, the e-mail addresses that a PGP or SSH key gives itself.
   */
  readonly claims: Claims;
  /** Null for a raw key. */
  readonly certificate: Certificate | null;
  /** SubjectPublicKeyInfo, DER; null where the key is not given as one. */
  readonly spki: Buffer | null;
  /** The signature bytes as the entry records them; null where it records none. */
  readonly signature: Buffer | null;
}

/** A digest that the entry records and that its signature is made over. */
export interface SignedDigest {
  readonly algorithm: 'sha256' | 'sha384' | 'sha512';
  readonly value: Buffer;
}

/** What stands for the hash of a DSSE or COSE payload in an entry that does not hold the payload itself. */
export interface PayloadReference {
  /** Of the payload as it was decoded; null where the entry does not record it. */
  readonly digest: SignedDigest | null;
  /** As the entry records it (intoto 0.0.2); null where it does not. */
  readonly type: string | null;
}

/** An in-toto statement as far as it is looked at. */
export interface Statement {
  /** `predicate_type`, `subject_name`, and of SLSA provenance `slsa_builder`, `build_type`, `source_uri`, `source_sha`. */
  readonly claims: Claims;
  /** Digests of its subjects, as `sha256:hex`. */
  readonly subjects: readonly string[];
}

/** A payload that hashes to what the entry records: so it is what was signed. */
export interface Attestation {
  readonly payload: Buffer;
  /** Null where nobody says. */
  readonly payloadType: string | null;
  /** Null for a payload that is no in-toto statement. */
  readonly statement: Statement | null;
}

/** Whether a signature holds over what its entry records or came with. */
export type SignatureVerdict = 'verified' | 'invalid' | 'not-checkable';

/** What an entry says, whatever its format. */
export interface ParsedEntry {
  readonly kind: string;
  readonly apiVersion: string;
  /** Empty for kinds whose signers are not read. */
  readonly signers: readonly Signer[];
  /** Digests the entry binds, as `sha256:hex`; with an attestation also those of its subjects. */
  readonly artifacts: readonly string[];
  /** What the signatures are over, where the entry records its digest (hashedrekord). */
  readonly signedDigest: SignedDigest | null;
  /** The payload that was signed, where the entry records its hash (dsse, intoto, cose). */
  readonly payload: PayloadReference | null;
  /** What the entry as a whole says, whoever signed: the claims of its attestation's statement. */
  readonly claims: Claims;
  /** Null until one is at hand that is bound to the entry. */
  readonly attestation: Attestation | null;
  /** Why what came as the attestation is not believed or, where there is one, what of it was left out, in words; null: nothing. */
  readonly attestationProblem: string | null;
  /** True for a kind or version that is not known: nothing of it was read. */
  readonly unread: boolean;
  /**
   * Set for what a CT log holds, which shows that a certificate was issued and not that anything was signed: the same for
   * a precertificate and the certificate that became of it, hex.
   */
  readonly issuance?: string;
}

/** What a format gives beside its name and version. */
export type EntryContent = Pick<ParsedEntry, 'signers' | 'artifacts' | 'signedDigest' | 'payload'>;

/** The outcome of reading one leaf. An entry that cannot be read is a result, never an exception. */
export type DecodedEntry =
  | { readonly ok: true; readonly entry: ParsedEntry }
  | { readonly ok: false; readonly kind: string | null; readonly apiVersion: string | null; readonly problem: string };
