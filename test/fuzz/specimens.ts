import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Signer } from '../../src/entry/entry.ts';
import type { LogType } from '../../src/log/log.ts';
import { decodeLeaf } from '../../src/monitor/judge-batch.ts';
import type { CertificateAuthority } from '../../src/trust/chain.ts';
import { shippedTrust } from '../../src/trust/tuf.ts';
import type { TrustData } from '../../src/trust/trusted-root.ts';
import { answerOf, recorded } from '../support/explain-stage.ts';
import { hasRealdata } from '../support/realdata.ts';
import { readRealEntries } from '../support/recorded-entries.ts';

/** An entry as a log serves it. */
export interface Specimen {
  readonly name: string;
  readonly type: LogType;
  readonly data: Buffer;
  /** What comes beside it. */
  readonly extra?: Buffer;
}

/** See test/fixtures/fuzz/README.md. */
const DEMO = JSON.parse(readFileSync('test/fixtures/fuzz/demo.json', 'utf8')) as {
  readonly chain: readonly [string, ...string[]];
  readonly entries: readonly {
    readonly name: string;
    readonly type: LogType;
    readonly data: string;
    readonly extra?: string;
  }[];
};

/** Those whose signers are all trusted, and as expected. */
export const DEMO_SPECIMENS: readonly Specimen[] = DEMO.entries.map(({ name, type, data, extra }) => ({
  ...{ name, type, data: fromBase64(data) },
  ...(extra !== undefined && { extra: fromBase64(extra) }),
}));

/** All that there are: the real ones only where they lie beside the checkout. */
export const SPECIMENS: readonly Specimen[] = [
  ...DEMO_SPECIMENS,
  ...readdirSync('test/fixtures/entries')
    .filter((file) => file.endsWith('.json'))
    .map((file): Specimen => ({ name: file, type: 'rekor-v1', data: readFileSync(`test/fixtures/entries/${file}`) })),
  ...['workflow.json', 'foreign-ca.json', 'two-signers.json', 'attested.json'].map(answered),
  ...(hasRealdata ? readRealEntries() : []).map(({ file, leaf }): Specimen => ({
    name: file,
    type: 'rekor-v1',
    data: leaf,
  })),
];

/** Who certified them, and the real authorities. */
export const TRUST: Pick<TrustData, 'authorities' | 'ctLogs' | 'goodUntil'> = {
  authorities: [authorityOf('acme-ca', DEMO.chain.map(fromBase64)), authorityOf('test-ca', chainOf('ca.pem'))].concat(
    shippedTrust().authorities,
  ),
  ctLogs: shippedTrust().ctLogs,
  goodUntil: null,
};

/** After all of them. */
export const NOW = new Date('2027-01-01T00:00:00Z');

/** All signers of the specimens as they are. */
export const SIGNERS: readonly Signer[] = SPECIMENS.flatMap((specimen) => {
  const decoded = decodeLeaf(specimen.type, specimen);
  return decoded.ok ? decoded.entry.signers : [];
});

/** DER of the certificates of the specimens, each once. */
export const CERTIFICATES: readonly Buffer[] = [
  ...new Map(
    SIGNERS.flatMap(({ certificate }) =>
      certificate === null ? [] : [[certificate.der.toString('latin1'), certificate.der] as const],
    ),
  ).values(),
];

function answered(file: string): Specimen {
  const { body, attestation } = answerOf(file);
  return {
    ...{ name: `answer ${file}`, type: 'rekor-v1', data: fromBase64(body) },
    ...(attestation !== undefined && { extra: fromBase64(attestation.data) }),
  };
}

function authorityOf(name: string, [first, ...others]: readonly Buffer[]): CertificateAuthority {
  return { name, chain: [first ?? Buffer.alloc(0), ...others], validFrom: null, validTo: null };
}

function chainOf(file: string): readonly Buffer[] {
  const blocks = recorded(file).match(/-----BEGIN [\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((pem) => new X509Certificate(pem).raw);
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
