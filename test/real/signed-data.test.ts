import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import {
  Certificate,
  ContentInfo,
  IssuerAndSerialNumber,
  SignedData,
  TimeStampResp,
  TSTInfo,
  type SignerInfo,
} from 'pkijs';
import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { ParsedEntry } from '../../src/entry/entry.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

const FIXTURES = ['jar.json', 'rfc3161.json'].map((name) => `test/fixtures/entries/${name}`);
const ALGORITHMS: Readonly<Record<string, string>> = { '2.16.840.1.101.3.4.2.1': 'sha256' };

/** The fixtures, and the same kinds as the real Rekor v1 server recorded them. */
function leaves(kind: string): readonly Buffer[] {
  const folder = 'servers/rekor-v1/bodies';
  const recorded = hasRealdata ? readdirSync(realdata(folder)).map((name) => realdata(`${folder}/${name}`)) : [];
  return [...FIXTURES, ...recorded].map((file) => readFileSync(file)).filter((leaf) => kindOf(leaf) === kind);
}

describe('decodeEntry() and pkijs', () => {
  it('agree on the signers of every jar', () => {
    const jars = leaves('jar');
    for (const leaf of jars) {
      const pem = Buffer.from(specOf(leaf).signature?.content ?? '', 'base64').toString();
      const signedData = signedDataOf(Buffer.from(pem.replace(/-----.*-----|\n/g, ''), 'base64'));
      expect(read(leaf).signers.map(({ fingerprint, signature }) => [fingerprint, signature?.toString('hex')])).toEqual(
        signedData.signerInfos.map((info) => [
          keyHashOf(signedData, info),
          Buffer.from(info.signature.valueBlock.valueHexView).toString('hex'),
        ]),
      );
    }
    expect(jars).toHaveLength(hasRealdata ? 3 : 1);
  });

  it('agree on what every time-stamp stamps', () => {
    const stamps = leaves('rfc3161');
    for (const leaf of stamps) {
      const response = TimeStampResp.fromBER(Buffer.from(specOf(leaf).tsr?.content ?? '', 'base64'));
      const token = new SignedData({ schema: response.timeStampToken?.content as unknown });
      const content = token.encapContentInfo.eContent?.getValue() ?? new ArrayBuffer();
      const { messageImprint } = TSTInfo.fromBER(content);
      const digest = Buffer.from(messageImprint.hashedMessage.valueBlock.valueHexView).toString('hex');
      const algorithm = ALGORITHMS[messageImprint.hashAlgorithm.algorithmId] ?? '';
      expect(read(leaf).artifacts).toEqual([`${algorithm}:${digest}`]);
    }
    expect(stamps).toHaveLength(hasRealdata ? 3 : 1);
  });
});

function signedDataOf(der: Buffer): SignedData {
  return new SignedData({ schema: ContentInfo.fromBER(der).content as unknown });
}

/** SHA-256 of the key in the certificate that the signer names. */
function keyHashOf({ certificates = [] }: SignedData, { sid }: SignerInfo): string | undefined {
  const isNamed = (certificate: Certificate): boolean =>
    sid instanceof IssuerAndSerialNumber &&
    certificate.issuer.isEqual(sid.issuer) &&
    certificate.serialNumber.isEqual(sid.serialNumber);
  const named = certificates.find((each): each is Certificate => each instanceof Certificate && isNamed(each));
  const spki = named?.subjectPublicKeyInfo.toSchema().toBER();
  return spki === undefined ? undefined : hash('sha256', Buffer.from(spki));
}

interface Spec {
  readonly signature?: { readonly content: string };
  readonly tsr?: { readonly content: string };
}

function specOf(leaf: Buffer): Spec {
  return (JSON.parse(leaf.toString()) as { spec: Spec }).spec; // our own recordings
}

function kindOf(leaf: Buffer): unknown {
  return (JSON.parse(leaf.toString()) as { kind: unknown }).kind;
}

function read(leaf: Buffer): ParsedEntry {
  const decoded = decodeEntry(leaf);
  if (!decoded.ok) {
    throw new Error(decoded.problem);
  }
  return decoded.entry;
}
