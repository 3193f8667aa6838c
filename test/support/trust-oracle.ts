import { X509Certificate } from '@sigstore/core';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toTrustMaterial, type TrustMaterial } from '@sigstore/verify';
import { verifyCertificateChain } from '@sigstore/verify/dist/key/certificate.js';
import { verifySCTs } from '@sigstore/verify/dist/key/sct.js';

/** What @sigstore/verify says by a trusted root. */
export interface TrustOracle {
  /** Whether the certificate chains to an authority at its own notBefore. */
  chainOf(der: Buffer): 'trusted' | 'untrusted';
  /** What the promises in it are worth: it knows no difference between a log that is unknown and one that did not sign. */
  sctOf(der: Buffer): 'verified' | 'absent' | 'not verified';
}

/** Reads a `trusted_root.json` as @sigstore/verify does. */
export function readTrustOracle(json: string): TrustOracle {
  const material = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(json)));
  return {
    chainOf(der) {
      try {
        pathOf(der, material);
        return 'trusted';
      } catch {
        return 'untrusted';
      }
    },
    sctOf(der) {
      const [leaf, issuer] = pathOf(der, material);
      if (leaf === undefined || issuer === undefined) {
        throw new Error('Cannot ask for promises in a certificate that was issued by nobody');
      }
      try {
        return verifySCTs(leaf, issuer, [...material.ctlogs]).length > 0 ? 'verified' : 'absent';
      } catch {
        return 'not verified';
      }
    },
  };
}

function pathOf(der: Buffer, material: TrustMaterial): readonly X509Certificate[] {
  const leaf = X509Certificate.parse(Buffer.from(der));
  return verifyCertificateChain(leaf.notBefore, leaf, [...material.certificateAuthorities]);
}
