import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { compilePattern } from '../../src/policy/pattern.ts';
import type { SctVerdict } from '../../src/policy/standing.ts';
import { createChainVerifier } from '../../src/trust/chain.ts';
import { authority, certify, fillers, forger, NOW, releaseAt, STRANGER } from '../support/actors.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER, releaseWatch } from '../support/monitor-rig.ts';

const TAG = 'refs/tags/v1.0.0';
let rig: MonitorRig;
let site: LogSite;
let suspected: Date[];

beforeEach(() => {
  rig = new MonitorRig();
  suspected = [];
  rig.suspectTrust = (seen) => {
    suspected.push(seen);
    return Promise.resolve(false);
  };
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

describe.each(BOTH)('a pass over a %s log', (_, start) => {
  beforeEach(async () => {
    site = await start();
  });

  it('doubts the trust data by an unknown signature, and tells it when that knows no better', async () => {
    site.append(fillers(3));
    site.badSignature();
    expect(await rig.poll(site.source(rig.http))).toEqual([{ kind: 'misbehaving' }]);
    expect(suspected).toEqual([NOW]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'bad-signature' });
  });

  it('does not accuse a log that is begun anew because of its signature', async () => {
    const stop = new AbortController();
    rig.suspectTrust = () => {
      stop.abort();
      return Promise.resolve(true);
    };
    site.append(fillers(3));
    site.badSignature();
    const outcome = await passOverSource(followed(site.source(rig.http)), rig.deps(), stop.signal);
    expect(outcome).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    expect(rig.alerts()).toEqual([]);
  });

  it('does not doubt it by what a second look past every cache sets right', async () => {
    site.append(fillers(3));
    site.badSignature();
    site.endWhenFresh();
    expect(await rig.poll(site.source(rig.http))).toEqual([{ kind: 'verified', size: 3 }]);
    expect(suspected).toEqual([]);
  });

  it('doubts it by a certificate that a watch selects and that it does not trust, and by no other', async () => {
    site.append([site.entry(certify(STRANGER, forger)), site.entry(certify(releaseAt(TAG)))]);
    await rig.poll(site.source(rig.http));
    expect(suspected).toEqual([]);
    site.append([site.entry(certify(releaseAt(TAG), forger))]);
    await rig.poll(site.source(rig.http));
    expect(suspected).toEqual([NOW]);
    expect(rig.verdicts()).toEqual(['1 widget-release expected', '2 widget-release forged']);
  });

  it('writes no verdict for good when it ends while the trust data is read again', async () => {
    const stop = new AbortController();
    rig.suspectTrust = () => {
      stop.abort();
      return Promise.resolve(false);
    };
    const suspectTrust = rig.suspectTrust;
    rig.suspectTrust = () => Promise.resolve(false);
    site.append([site.entry(certify(releaseAt(TAG), forger))]);
    await rig.poll(site.source(rig.http));
    // The alert is there already, so nothing is asked of the log before the next one is written.
    site.append([site.entry(certify(releaseAt(TAG), forger))]);
    await passOverSource(followed(site.source(rig.http)), { ...rig.deps(), suspectTrust }, stop.signal);
    expect(rig.verdicts()).toEqual(['0 widget-release forged']);
    await rig.poll(site.source(rig.http));
    expect(rig.verdicts()).toEqual(['0 widget-release forged', '1 widget-release forged']);
  });

  it('doubts it by the promise of a CT log that is not known, where a watch expects another', async () => {
    const { judging, ...deps } = rig.deps();
    let sct: SctVerdict = 'unknown-log';
    const promised = { ...deps, judging: { ...judging, sctOf: () => sct } };
    const watches = [releaseWatch({ expect: [{ claim: 'sct', patterns: [compilePattern('verified', 'sct')] }] })];
    const suspectTrust = (): Promise<boolean> => {
      sct = 'verified';
      return Promise.resolve(true);
    };
    site.append([site.entry(certify(releaseAt(TAG)))]);
    const source = followed(site.source(rig.http));
    await passOverSource(source, promised, NEVER);
    expect(suspected).toEqual([]);
    site.append([site.entry(certify(releaseAt(TAG)))]);
    await passOverSource(source, { ...promised, watches, suspectTrust }, NEVER);
    expect(sct).toBe('verified');
    expect(rig.verdicts()).toEqual(['0 widget-release expected', '1 widget-release expected']);
  });

  it('judges anew what it doubted once the trust data knows better', async () => {
    const verifiers = [authority, forger].map(({ chain }) =>
      createChainVerifier([{ name: 'ca', chain, validFrom: null, validTo: null }], null),
    );
    let known = 1;
    const { judging, ...deps } = rig.deps();
    const chainOf: typeof judging.chainOf = (certificate) =>
      verifiers.slice(0, known).some((verify) => verify(certificate, NOW) === 'trusted') ? 'trusted' : 'untrusted';
    const suspectTrust = (): Promise<boolean> => {
      known = 2;
      return Promise.resolve(true);
    };
    site.append([site.entry(certify(releaseAt(TAG), forger)), site.entry(certify(releaseAt(TAG)))]);
    await passOverSource(
      followed(site.source(rig.http)),
      { ...deps, judging: { ...judging, chainOf }, suspectTrust },
      NEVER,
    );
    expect(rig.verdicts()).toEqual(['0 widget-release expected', '1 widget-release expected']);
    expect(rig.alerts()).toEqual([]);
  });
});
