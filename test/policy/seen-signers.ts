import type { SeenSigner } from '../../src/policy/seen-signer.ts';
import { RELEASE } from './signers.ts';

const WORKFLOWS = 'https://github.com/acme/widget/.github/workflows';

/** A signer of a release, expected, with other claims where they are given; an empty list takes one away. */
export function seen(claims: SeenSigner['claims'] = {}, differing: Partial<SeenSigner> = {}): SeenSigner {
  const all = { ...RELEASE, signature: ['verified'], signing_time: ['within'], sct: ['verified'], ...claims };
  return {
    log: 'log.example',
    index: 1,
    verdict: 'expected',
    violations: [],
    isCertificate: true,
    isIssuance: false,
    isMiswritten: false,
    claims: Object.fromEntries(Object.entries(all).filter(([, values]) => values.length > 0)),
    ...differing,
  };
}

/** What a workflow of acme/widget shows at a ref. */
export function workflowAt(file: string, ref: string): SeenSigner['claims'] {
  const address = [`${WORKFLOWS}/${file}@${ref}`];
  return { builder: address, subject: address, workflow: address, source_ref: [ref] };
}

/** `count` releases, the newest first, at indexes from `count` down to 1. */
export function releases(count: number, claims: SeenSigner['claims'] = {}): readonly SeenSigner[] {
  return Array.from({ length: count }, (_, position) => {
    const number = count - position;
    return seen({ ...workflowAt('release.yml', `refs/tags/v1.${number}.0`), ...claims }, { index: number });
  });
}

/** A bare key that signed. */
export function seenKey(key: string, differing: Partial<SeenSigner> = {}): SeenSigner {
  const claims = { key: [key], signature: ['verified'], signing_time: ['unknown'] };
  return { ...seen({}, differing), isCertificate: false, claims };
}
