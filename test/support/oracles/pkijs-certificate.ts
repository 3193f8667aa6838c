import { isUtf8 } from 'node:buffer';
import { fromBER, Utf8String } from 'asn1js';
import { AltName, Certificate, ExtKeyUsage, PublicKeyInfo, type GeneralName } from 'pkijs';
import type { Certificate as ReadCertificate } from '../../../src/entry/entry.ts';

const FULCIO = '1.3.6.1.4.1.57264.1';
/** Fulcio's extensions from .8 on, in their order. */
const NAMES = ['issuer', 'builder', 'builder_digest', 'runner', 'source_repository', 'source_digest'].concat(
  ['source_ref', 'source_repository_id', 'source_owner', 'source_owner_id', 'workflow', 'workflow_digest'],
  ['trigger', 'run', 'visibility', 'environment', 'token_subject'],
);
const WITHOUT_CLAIM = /^(2\.5\.29|1\.3\.6\.1\.5\.5\.7\.1|1\.3\.6\.1\.4\.1\.11129\.2\.4)\./;
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** What our own reading of a certificate must give, read by pkijs and asn1js instead. Throws for what they cannot read. */
export function readByPkijs(der: Buffer): ReadCertificate {
  const certificate = Certificate.fromBER(der);
  const claims: Record<string, string[]> = {};
  let codeSigning = false;
  for (const { extnID, extnValue, parsedValue } of certificate.extensions ?? []) {
    const content = Buffer.from(extnValue.valueBlock.valueHexView);
    const number = extnID.startsWith(`${FULCIO}.`) ? Number(extnID.slice(FULCIO.length + 1)) : 0;
    const name = NAMES[number - 8];
    if (parsedValue instanceof AltName) {
      claims['subject'] = parsedValue.altNames.flatMap(textOf);
    } else if (parsedValue instanceof ExtKeyUsage) {
      codeSigning = parsedValue.keyPurposes.includes(CODE_SIGNING);
    } else if (name !== undefined) {
      claims[name] = [utf8StringIn(content)];
    } else if (!WITHOUT_CLAIM.test(`${extnID}.`)) {
      claims[`oid:${extnID}`] = [isUtf8(content) ? content.toString() : content.toString('hex')];
    }
  }
  return {
    der,
    spki: Buffer.from(certificate.subjectPublicKeyInfo.toSchema().toBER()),
    notBefore: certificate.notBefore.value.getTime(),
    notAfter: certificate.notAfter.value.getTime(),
    codeSigning,
    claims: withFirstIssuer(claims),
    problems: {},
  };
}

/** SubjectPublicKeyInfo as pkijs writes it again. */
export function spkiByPkijs(der: Buffer): Buffer {
  return Buffer.from(PublicKeyInfo.fromBER(der).toSchema().toBER());
}

/** The issuer stood in .1 before there was .8; where both say the same, one is enough. */
function withFirstIssuer(claims: Record<string, string[]>): Record<string, string[]> {
  const { [`oid:${FULCIO}.1`]: first, ...others } = claims;
  const issuer = others['issuer'] ?? first;
  return {
    ...others,
    ...(issuer !== undefined && { issuer }),
    ...(first !== undefined && first[0] !== issuer?.[0] && { [`oid:${FULCIO}.1`]: first }),
  };
}

/** E-mail address, DNS name and URI, and Fulcio's user name. */
function textOf(name: GeneralName): string[] {
  const value: unknown = name.value;
  if (typeof value === 'string') {
    return [1, 2, 6].includes(name.type) ? [value] : [];
  }
  if (name.type !== 0 || !isOtherName(value)) {
    return [];
  }
  const [id, tagged] = value.valueBlock.value;
  const [text] = tagged?.valueBlock.value ?? [];
  return id?.valueBlock.toString() === `${FULCIO}.7` && text instanceof Utf8String ? [text.getValue()] : [];
}

/** pkijs does not look into an otherName. */
interface OtherName {
  readonly valueBlock: { readonly value: readonly (OtherName & { readonly valueBlock: { toString(): string } })[] };
}

function isOtherName(value: unknown): value is OtherName {
  return typeof value === 'object' && value !== null && 'valueBlock' in value;
}

function utf8StringIn(content: Buffer): string {
  const { result, offset } = fromBER(content);
  if (!(result instanceof Utf8String) || offset !== content.length) {
    throw new SyntaxError(`Cannot read ${content.toString('hex')}: expected one UTF8String`);
  }
  return result.getValue();
}
