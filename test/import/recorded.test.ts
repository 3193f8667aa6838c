import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../src/entry/decode.ts';
import { judge } from '../../src/policy/judge.ts';
import { contextOf } from '../policy/signers.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { importText } from './imported.ts';

const ACTIONS = 'https://token.actions.githubusercontent.com';
const LATER = new Date('2027-01-01T00:00:00Z');

/** How their users verify a release: expressions as they are written, and what they find (Go's regexp.MatchString). */
const SYSTEMS = [
  ['flux', '^https://github.com/fluxcd/.*$', `^${ACTIONS}$`],
  ['flux', 'https://github\\.com/fluxcd/flux2/\\.github/workflows/release\\.ya?ml@refs/tags', ACTIONS],
  ['argo-cd', '^https://github.com/argoproj/argo-cd/.github/workflows/image-reuse.yaml@refs/tags/v', ACTIONS],
  ['aks', 'myorg/myrepo', 'githubusercontent'],
  ['tekton', 'tekton', 'kubernetes\\.default'],
] as const;

describe.runIf(hasRealdata)('an imported command, on recorded entries', () => {
  it.each(SYSTEMS)('of %s: %s', async (system, identity, issuer) => {
    const { watches, status } = await importText(
      `cosign verify --certificate-identity-regexp '${identity}' --certificate-oidc-issuer-regexp '${issuer}' image`,
    );
    expect(status).toBe(0);
    const folder = realdata(`systems/${system}/recorded/v1/bodies`);
    let judged = 0;
    for (const name of readdirSync(folder)) {
      const decoded = decodeEntry(readFileSync(`${folder}/${name}`));
      const entry = decoded.ok ? decoded.entry : null;
      const judgements = entry === null ? [] : judge(entry, watches, contextOf({ now: LATER }));
      entry?.signers.forEach(({ claims, certificate }, position) => {
        const { subject = [], issuer: issuers = [] } = claims;
        const isAccepted =
          subject.some((one) => new RegExp(identity).test(one)) && issuers.some((one) => new RegExp(issuer).test(one));
        const verdicts = judgements.filter(({ signer }) => signer === position).map(({ verdict }) => verdict);
        // What is written wrongly is accepted by nobody here.
        const isOdd = Object.keys(certificate?.problems ?? {}).length > 0;
        expect(verdicts.includes('expected'), `${name} ${subject.join()}`).toBe(isAccepted && !isOdd);
        judged += verdicts.length;
      });
    }
    expect(judged).toBeGreaterThan(0);
  });
});
