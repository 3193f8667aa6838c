import { hash, X509Certificate as OpenSslCertificate } from 'node:crypto';
import { X509Certificate } from '@sigstore/core';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toTrustMaterial } from '@sigstore/verify';
import { verifyCertificateChain } from '@sigstore/verify/dist/key/certificate.js';
import type { CertificateAuthority } from '../../../src/trust/chain.ts';

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** A certificate as two libraries hold it. */
export interface Leaf {
  readonly openSsl: OpenSslCertificate;
  readonly sigstore: X509Certificate;
}

const known = new Map<string, Leaf>();

/** Each is read once: that takes a millisecond. */
export function readLeaf(der: Buffer): Leaf {
  const id = hash('sha256', der);
  const leaf = known.get(id) ?? {
    openSsl: new OpenSslCertificate(der),
    sigstore: written(X509Certificate.parse(Buffer.from(der))),
  };
  known.set(id, leaf);
  return leaf;
}

/** Whether a certificate may sign code and is none of an authority, as OpenSSL reads it: without that a chain proves nothing here. */
export function maySignCode({ openSsl: { keyUsage, ca } }: Leaf): boolean {
  // Node's type leaves out that there may be no such extension.
  return !ca && (keyUsage as readonly string[] | undefined)?.includes(CODE_SIGNING) === true;
}

/** Prepares the question whether @sigstore/verify finds a chain to an authority of a `trusted_root.json` at the leaf's own notBefore. */
export function createSigstoreChains(json: string): (leaf: Leaf) => boolean {
  const { certificateAuthorities } = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(json)));
  certificateAuthorities.forEach(({ certChain }) => {
    certChain.forEach(written);
  });
  return ({ sigstore }) => {
    try {
      return verifyCertificateChain(sigstore.notBefore, sigstore, certificateAuthorities).length > 0;
    } catch {
      return false;
    }
  };
}

/** It writes certificates again, byte by byte, each time it compares two of them: that takes a minute in all. */
function written(certificate: X509Certificate): X509Certificate {
  for (const part of [certificate.root, ...certificate.root.subs.slice(0, 1)]) {
    const write = part.toDER.bind(part);
    let der: Buffer | null = null;
    part.toDER = () => (der ??= write());
  }
  return certificate;
}

/**
 * Prepares the question whether OpenSSL finds that the certificates of an authority, from one that issued the leaf to the last, issued
 * each other, and that all of them were valid, and the authority trusted, when the leaf began to be.
 */
export function createOpenSslChains(authorities: readonly CertificateAuthority[]): (leaf: Leaf) => boolean {
  const issuers = authorities.flatMap(({ chain, validFrom, validTo }) => {
    const certificates = chain.map((der) => new OpenSslCertificate(der));
    const holds = certificates.every(
      (certificate, place) => certificate.ca && isIssuedBy(certificate, certificates[place + 1]),
    );
    return certificates.map((issuer, place) => {
      const path = certificates.slice(place);
      return {
        issuer,
        holds,
        from: Math.max(validFrom?.getTime() ?? -Infinity, ...path.map((each) => Date.parse(each.validFrom))),
        to: Math.min(validTo?.getTime() ?? Infinity, ...path.map((each) => Date.parse(each.validTo))),
      };
    });
  });
  return ({ openSsl }) => {
    const time = Date.parse(openSsl.validFrom);
    return issuers.some(
      ({ issuer, holds, from, to }) => holds && time >= from && time <= to && isIssuedBy(openSsl, issuer),
    );
  };
}

function isIssuedBy(certificate: OpenSslCertificate, issuer: OpenSslCertificate | undefined): boolean {
  return issuer === undefined || (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
}
