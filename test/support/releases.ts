import type { CertificateRequest } from '../../src/demo/certificate-authority.ts';
import { certify, NOW, releaseAt, type Certified } from './actors.ts';

/** A release of acme/widget at a tag, certified at some time; `claims` are those that differ. */
export function released(
  differing: {
    readonly ref?: string;
    readonly at?: Date;
    readonly claims?: CertificateRequest['claims'];
  } = {},
): Certified {
  const request = releaseAt(differing.ref ?? 'refs/tags/v1');
  return certify({
    ...request,
    notBefore: differing.at ?? NOW,
    claims: { ...request.claims, ...differing.claims },
  });
}
