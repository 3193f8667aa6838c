import { readFileSync } from 'node:fs';
import { realdata } from './realdata.ts';

/** One line of derived/entries.jsonl: a real entry with what was found out about it. */
export interface RealEntry {
  /** `prod-v1`, `staging-v2`, …; `other` for an unknown instance. */
  readonly inst: string;
  /** Kind and version. */
  readonly kind: string;
  readonly verdict: string;
  readonly file: string;
  /** `URI:…`, `email:…`, `DNS:…`: of the certificate that accompanies the entry, which need not be the one in it. */
  readonly san: string | null;
  readonly issuer: string | null;
  readonly leaf: Buffer;
}

/** Every distinct real entry of derived/entries.jsonl. */
export function readRealEntries(): readonly RealEntry[] {
  const lines = readFileSync(realdata('derived/entries.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    // The recording's own format.
    const { canonicalizedBody, ...record } = JSON.parse(line) as Omit<RealEntry, 'leaf'> & {
      readonly canonicalizedBody: string;
    };
    const { inst, kind, verdict, file } = record;
    // Absent where no certificate accompanies the entry.
    const { san = null, issuer = null } = record as Partial<RealEntry>;
    return { inst, kind, verdict, file, san, issuer, leaf: Buffer.from(canonicalizedBody, 'base64') };
  });
}
