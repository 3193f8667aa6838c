import { existsSync } from 'node:fs';
import { ATTESTATION_CLAIMS } from '../policy/claims.ts';
import type { Watch } from '../policy/watch.ts';
import { quote, valueAt, type KeyPath } from './key-path.ts';
import type { Hint } from './lint.ts';

/** What the author of `attestations` will not have meant; `raw` is the configuration as it was written. */
export function lintAttestations(watches: readonly Watch[], raw: unknown): readonly Hint[] {
  return watches.flatMap((watch, index) => lintPlace(watch, ['watches', index, 'attestations'], raw));
}

function lintPlace({ attestations: place, expect }: Watch, path: KeyPath, raw: unknown): readonly Hint[] {
  if (place === null) {
    return [];
  }
  const hints: Hint[] = [];
  const rules = expect === null || expect === 'none' ? [] : expect;
  if (!rules.some(({ claim }) => ATTESTATION_CLAIMS.has(claim))) {
    const claims = [...ATTESTATION_CLAIMS].join(', ');
    const message = `nothing is looked for there: expect names none of ${claims}`;
    hints.push({ rule: 'unused-attestations', path, message });
  }
  if (place.kind === 'directory' && !existsSync(place.path)) {
    const message = `there is no folder ${quote(place.path)} yet: until there is, signers wait for it unverified`;
    hints.push({ rule: 'missing-folder', path: [...path, 'directory'], message });
  }
  if (typeof valueAt(raw, [...path, 'token']) === 'string') {
    const message =
      'a secret in the file itself is read by everyone who reads the file; use { env: NAME } or { file: PATH }';
    hints.push({ rule: 'literal-secret', path: [...path, 'token'], message });
  }
  return hints;
}
