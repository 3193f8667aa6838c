import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { realdata } from './realdata.ts';

/** What servers/rekor-v2/entries.jsonl.gz says of one entry. Absent fields are as they are there. */
export interface RecordedEntry {
  readonly index: number;
  readonly kind: string;
  readonly variant: string;
  readonly keyAlg: string;
  readonly san?: string;
  readonly issuer?: string;
  readonly ca?: 'fulcio' | 'evil';
  readonly spkiSha256: string;
  readonly certSha256?: string;
  readonly nSignatures?: number;
}

/** The entries of the log recorded from a real Rekor v2 server, each with its leaf. */
export function readRecordedRekorV2(): readonly { readonly leaf: Buffer; readonly record: RecordedEntry }[] {
  const folder = 'servers/rekor-v2';
  const bundles = ['000', '001', '002', '003', '004.p/195'].map((name) =>
    readFileSync(realdata(`${folder}/log/tile/entries/${name}`)),
  );
  const leaves = bundles.flatMap(splitBundle);
  const lines = gunzipSync(readFileSync(realdata(`${folder}/entries.jsonl.gz`)))
    .toString()
    .trimEnd()
    .split('\n');
  // The recording's own format; RecordedEntry says what of it is used.
  const records = lines.map((line) => JSON.parse(line) as RecordedEntry);
  return records.map((record) => ({ record, leaf: leaves[record.index] ?? Buffer.alloc(0) }));
}

/** The leaves of an entry bundle: `u16 length ‖ bytes`, again and again (c2sp.org/tlog-tiles). */
export function splitBundle(bundle: Buffer): readonly Buffer[] {
  const leaves: Buffer[] = [];
  for (let at = 0; at < bundle.length; at += 2 + bundle.readUInt16BE(at)) {
    leaves.push(bundle.subarray(at + 2, at + 2 + bundle.readUInt16BE(at)));
  }
  return leaves;
}
