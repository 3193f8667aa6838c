import { hash, X509Certificate, type KeyObject } from 'node:crypto';
import { DerError } from '../entry/der.ts';
import { readAuthorityRules } from './authority-rules.ts';
import { readCertificateParts, type TbsParts } from './certificate-parts.ts';
import type { CertificateAuthority } from './chain.ts';
import { readName } from './distinguished-name.ts';
import { namesOf, type NameCheck } from './name-constraints.ts';

/** A certificate that may have issued a leaf. */
export interface Issuer {
  /** Of its authority. */
  readonly authority: string;
  /** Its subject: equal for names that mean the same. */
  readonly name: string;
  readonly key: KeyObject;
  /** SHA-256 of its SubjectPublicKeyInfo. */
  readonly keyHash: Buffer;
  /** When a leaf must begin, Unix milliseconds: while it, all above it and its authority are valid. */
  readonly from: number;
  readonly to: number;
  /** What it and all above it allow a leaf to be called. */
  readonly nameChecks: readonly NameCheck[];
}

/** An issuer and what only those below it need to know. */
interface Rung extends Issuer {
  readonly certificate: X509Certificate;
  /** How many intermediates may still follow. */
  readonly pathLength: number;
}

/**
 * The certificates of an authority, the root first. Any of them may issue (in 2022 Fulcio's root did); what stands above it is
 * checked here, once: signatures, purposes, path lengths and name constraints (RFC 5280 §6.1). Throws SyntaxError for an
 * authority whose certificates are no chain of CA certificates that may issue to those who sign code.
 */
export function prepareIssuers(authority: CertificateAuthority): readonly Issuer[] {
  try {
    return prepareRungs(authority);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new SyntaxError(`Cannot use authority "${authority.name}": ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Why an authority cannot be used, in words, which name the certificate that is at fault; null where it can. */
export function findAuthorityFault(authority: CertificateAuthority): string | null {
  try {
    prepareRungs(authority);
    return null;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return error.message;
    }
    throw error;
  }
}

function prepareRungs(authority: CertificateAuthority): readonly Rung[] {
  const rungs: Rung[] = [];
  for (const [place, der] of [...authority.chain.entries()].reverse()) {
    try {
      rungs.push(prepareRung(der, rungs.at(-1), authority));
    } catch (error) {
      if (!(error instanceof SyntaxError)) {
        throw error;
      }
      throw new SyntaxError(`certificate ${place + 1} of ${authority.chain.length}: ${error.message}`, {
        cause: error,
      });
    }
  }
  return rungs;
}

/** The name of a certificate's issuer or subject as {@link Issuer} has it. Throws DerError. */
export function issuerName(der: Buffer): string {
  return readName(der).join();
}

function prepareRung(der: Buffer, above: Rung | undefined, authority: CertificateAuthority): Rung {
  const [certificate, parts] = read(der);
  const rules = readAuthorityRules(parts);
  const isSelfIssued = issuerName(parts.issuer) === issuerName(parts.subject);
  if (above !== undefined && !isSelfIssued) {
    requireAllowed(parts, above);
  }
  if (above !== undefined && !(certificate.checkIssued(above.certificate) && certificate.verify(above.key))) {
    throw new SyntaxError('it is not issued by the next one');
  }
  // What an authority issued to itself under another key is not counted (RFC 5280 §4.2.1.9).
  const left = (above?.pathLength ?? Infinity) - (isSelfIssued ? 0 : 1);
  return {
    authority: authority.name,
    name: issuerName(parts.subject),
    certificate,
    key: certificate.publicKey,
    keyHash: hash('sha256', parts.spki, 'buffer'),
    from: Math.max(Date.parse(certificate.validFrom), above?.from ?? authority.validFrom?.getTime() ?? -Infinity),
    to: Math.min(Date.parse(certificate.validTo), above?.to ?? authority.validTo?.getTime() ?? Infinity),
    pathLength: Math.min(left, rules.pathLength),
    nameChecks: [...(above?.nameChecks ?? []), ...rules.nameChecks],
  };
}

function read(der: Buffer): readonly [X509Certificate, TbsParts] {
  try {
    return [new X509Certificate(der), readCertificateParts(der)];
  } catch (cause) {
    throw new SyntaxError('it cannot be read, expected X.509 in DER', { cause });
  }
}

function requireAllowed(parts: TbsParts, above: Rung): void {
  if (above.pathLength < 1) {
    throw new SyntaxError('those above it do not allow another intermediate');
  }
  for (const check of above.nameChecks) {
    const refused = refusedName(parts, check);
    if (refused !== null) {
      throw new SyntaxError(`those above it do not allow its ${refused}`);
    }
  }
}

function refusedName(parts: TbsParts, check: NameCheck): string | null {
  try {
    return check(namesOf(parts));
  } catch (error) {
    throw error instanceof DerError ? new SyntaxError(error.message, { cause: error }) : error;
  }
}
