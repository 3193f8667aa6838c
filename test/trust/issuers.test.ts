import { describe, expect, it } from 'vitest';
import { findIssuers } from '../../src/trust/issuers.ts';
import { authority, certify, forger, releaseAt } from '../support/actors.ts';

const known = (chain: readonly [Buffer, ...Buffer[]]) => ({ name: 'ca', chain, validFrom: null, validTo: null });
const REQUEST = releaseAt('refs/tags/v1');

describe('findIssuers()', () => {
  it('gives the chain from the certificate that issued the leaf up to the root', () => {
    const [intermediate, root] = authority.chain;
    const { certificate } = certify(REQUEST);
    expect(findIssuers(certificate, [known(forger.chain), known([intermediate, root])])).toEqual([intermediate, root]);
    // Whatever stands below the one that issued is not part of it.
    expect(findIssuers(certificate, [known([forger.chain[0], intermediate, root])])).toEqual([intermediate, root]);
  });

  it('gives nothing for a leaf that none of them issued, or that is none', () => {
    const forged = certify(REQUEST, forger).certificate;
    expect(findIssuers(forged, [known(authority.chain)])).toEqual([]);
    expect(findIssuers(Buffer.from('no certificate'), [known(authority.chain)])).toEqual([]);
    expect(findIssuers(certify(REQUEST).certificate, [])).toEqual([]);
    expect(findIssuers(certify(REQUEST).certificate, [known([Buffer.from('no certificate')])])).toEqual([]);
  });
});
