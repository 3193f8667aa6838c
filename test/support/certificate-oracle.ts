import { isUtf8 } from 'node:buffer';
import { X509Certificate as OpenSslCertificate } from 'node:crypto';
import { ASN1Obj, X509Certificate } from '@sigstore/core';
import type { Certificate } from '../../src/entry/entry.ts';

const FULCIO = '1.3.6.1.4.1.57264.1';
const NAMED: Readonly<Record<string, string>> = {
  [`${FULCIO}.8`]: 'issuer',
  [`${FULCIO}.9`]: 'builder',
  [`${FULCIO}.10`]: 'builder_digest',
  [`${FULCIO}.11`]: 'runner',
  [`${FULCIO}.12`]: 'source_repository',
  [`${FULCIO}.13`]: 'source_digest',
  [`${FULCIO}.14`]: 'source_ref',
  [`${FULCIO}.15`]: 'source_repository_id',
  [`${FULCIO}.16`]: 'source_owner',
  [`${FULCIO}.17`]: 'source_owner_id',
  [`${FULCIO}.18`]: 'workflow',
  [`${FULCIO}.19`]: 'workflow_digest',
  [`${FULCIO}.20`]: 'trigger',
  [`${FULCIO}.21`]: 'run',
  [`${FULCIO}.22`]: 'visibility',
  [`${FULCIO}.23`]: 'environment',
  [`${FULCIO}.24`]: 'token_subject',
};
const STANDARD = /^2\.5\.29\.|^1\.3\.6\.1\.5\.5\.7\.1\.|^1\.3\.6\.1\.4\.1\.11129\.2\.4\./;

/** What our own reading of a certificate must give, read by @sigstore/core and by OpenSSL instead. */
export function readByOthers(der: Buffer): Certificate {
  const openSsl = new OpenSslCertificate(der);
  const claims: Record<string, string[]> = {};
  let firstIssuer: string | undefined;
  for (const extension of X509Certificate.parse(Buffer.from(der)).extensions) {
    const oid = extension.subs[0]?.toOID() ?? '';
    const value = extension.subs.at(-1)?.value ?? Buffer.alloc(0);
    const name = NAMED[oid];
    if (name !== undefined) {
      claims[name] = [ASN1Obj.parseBuffer(Buffer.from(value)).value.toString()];
    } else if (oid === '2.5.29.17') {
      claims['subject'] = readNames(ASN1Obj.parseBuffer(Buffer.from(value)));
    } else if (!STANDARD.test(oid)) {
      const text = isUtf8(value) ? value.toString() : value.toString('hex');
      if (oid === `${FULCIO}.1`) {
        firstIssuer = text;
      } else {
        claims[`oid:${oid}`] = [text];
      }
    }
  }
  if (firstIssuer !== undefined) {
    claims['issuer'] ??= [firstIssuer];
    // Shown under its own name only where it says something else than the issuer.
    if (claims['issuer'][0] !== firstIssuer) {
      claims[`oid:${FULCIO}.1`] = [firstIssuer];
    }
  }
  return {
    der,
    spki: openSsl.publicKey.export({ type: 'spki', format: 'der' }),
    notBefore: Date.parse(openSsl.validFrom),
    notAfter: Date.parse(openSsl.validTo),
    // Node's type leaves out that there may be no such extension.
    codeSigning: (openSsl.keyUsage as string[] | undefined)?.includes('1.3.6.1.5.5.7.3.3') ?? false,
    claims,
    problems: {},
  };
}

/** E-mail address, DNS name and URI, and Fulcio's user name (RFC 5280 §4.2.1.6). */
function readNames(names: ASN1Obj): string[] {
  return names.subs.flatMap((name) => {
    if ([0x01, 0x02, 0x06].includes(name.tag.number)) {
      return [name.value.toString()];
    }
    const isUserName = name.tag.number === 0x00 && name.subs[0]?.toOID() === `${FULCIO}.7`;
    return isUserName ? [name.subs[1]?.subs[0]?.value.toString() ?? ''] : [];
  });
}
