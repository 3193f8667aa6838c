import {
  Certificate,
  ContentInfo,
  IssuerAndSerialNumber,
  SignedData,
  TimeStampResp,
  TSTInfo,
  type SignerInfo,
} from 'pkijs';

const ALGORITHMS: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Who signed SignedData. */
export interface NamedSigner {
  /** DER. */
  readonly certificate: Buffer;
  /** Hex. */
  readonly signature: string;
}

/** The certificates that the signers of SignedData name, and their signatures, as pkijs finds them. Throws where one is not there. */
export function signersOfSignedData(der: Buffer): readonly NamedSigner[] {
  const signedData = new SignedData({ schema: ContentInfo.fromBER(der).content as unknown });
  return signedData.signerInfos.map((signer) => ({
    certificate: certificateOf(signedData, signer),
    signature: Buffer.from(signer.signature.valueBlock.valueHexView).toString('hex'),
  }));
}

function certificateOf({ certificates = [] }: SignedData, { sid }: SignerInfo): Buffer {
  const named = certificates.find(
    (each): each is Certificate =>
      each instanceof Certificate &&
      sid instanceof IssuerAndSerialNumber &&
      each.issuer.isEqual(sid.issuer) &&
      each.serialNumber.isEqual(sid.serialNumber),
  );
  if (named === undefined) {
    throw new TypeError('Cannot find the certificate of a signer');
  }
  return Buffer.from(named.toSchema().toBER());
}

/** What a time-stamp response stamps, as `sha256:hex`, as pkijs reads it. Throws for what is none. */
export function stampedBy(der: Buffer): string {
  const response = TimeStampResp.fromBER(der);
  const token = new SignedData({ schema: response.timeStampToken?.content as unknown });
  const { messageImprint } = TSTInfo.fromBER(token.encapContentInfo.eContent?.getValue() ?? new ArrayBuffer());
  const digest = Buffer.from(messageImprint.hashedMessage.valueBlock.valueHexView).toString('hex');
  return `${ALGORITHMS[messageImprint.hashAlgorithm.algorithmId] ?? 'unknown'}:${digest}`;
}
