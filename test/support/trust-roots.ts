import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { decodeEntry } from '../../src/entry/decode.ts';
import { parseTrustedRoot } from '../../src/trust/trusted-root.ts';
import { readRealCertificates } from './real-certificates.ts';
import { realdata } from './realdata.ts';
import { readRealEntries } from './recorded-entries.ts';

/** A recorded trusted root. */
export interface RecordedRoot {
  /** Relative to the real data. */
  readonly file: string;
  readonly json: string;
}

/** Every recorded `trusted_root.json`, each content once, but for the two of before there was a media type. */
export function readTrustedRoots(): readonly RecordedRoot[] {
  const files = readdirSync(realdata('trust'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /trusted_root\.json$/.test(file))
    .sort()
    .map((file) => ({ file: `trust/${file}`, json: readFileSync(realdata(`trust/${file}`), 'utf8') }));
  return files.filter(
    ({ json }, place) => json.includes('"mediaType"') && files.findIndex((other) => other.json === json) === place,
  );
}

/** Those of which no earlier one has the same authorities and, where `logs`, the same CT logs. */
export function withDistinctTrust(roots: readonly RecordedRoot[], logs: boolean): readonly RecordedRoot[] {
  const contents = roots.map(({ json }) => {
    const { authorities, ctLogs } = parseTrustedRoot(json);
    return JSON.stringify([authorities, logs ? ctLogs : []]);
  });
  return roots.filter((_, place) => contents.indexOf(contents[place] ?? '') === place);
}

/** Every distinct real certificate of a signer: of the index of certificates, and of the entries. */
export function readEveryCertificate(): readonly Buffer[] {
  const inEntries = readRealEntries().flatMap(({ leaf }) => {
    const decoded = decodeEntry(leaf);
    return decoded.ok ? decoded.entry.signers.flatMap(({ certificate }) => certificate?.der ?? []) : [];
  });
  const all = [...readRealCertificates().map(({ der }) => der), ...inEntries];
  return [...new Map(all.map((der) => [hash('sha256', der), der])).values()];
}
