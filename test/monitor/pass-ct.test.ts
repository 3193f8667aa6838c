import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/tlog/hash.ts';
import type { LogSource } from '../../src/log/log.ts';
import { authority, fillers, forger, GITHUB, NOW, releaseAt } from '../support/actors.ts';
import { CT_SITES, type CtSite } from '../support/ct-sites.ts';
import { provesEqualSizes, provesPrefix } from '../support/evidence.ts';
import { MonitorRig, releaseWatch, rule } from '../support/monitor-rig.ts';

const ANOTHER_ROOT = sha256(Buffer.from('another history'));

const EXPECTED = [rule('issuer', 'https://token.actions.githubusercontent.com'), rule('source_ref', 'refs/tags/v*')];

let rig: MonitorRig;
let site: CtSite;
let source: LogSource;

afterEach(async () => {
  await rig.close();
  await site.close();
});

const poll = () => rig.poll(source);
const restart = () => {
  rig.reopen();
  source = site.source(rig.http);
};
const grow = (by: number) => {
  site.append(fillers(by));
};
const extras = () => rig.rows<{ extra: Buffer }>('SELECT extra FROM entries ORDER BY idx').map(({ extra }) => extra);

describe.each(CT_SITES)('pass() over a CT log, %s', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    site.log.headTime = NOW.getTime();
    source = site.source(rig.http);
  });

  it('reads it from its first entry to its last, and on as it grows', async () => {
    grow(300);
    expect(await poll()).toEqual([{ kind: 'verified', size: 300 }]);
    expect(rig.log(site.origin)).toMatchObject({
      type: 'ct',
      url: site.url,
      state: 'verified',
      verified_size: 300,
      verified_root: site.root.toString('hex'),
      kinds: { certificate: 300 },
    });
    restart();
    grow(250);
    expect(await poll()).toEqual([{ kind: 'verified', size: 550 }]);
    expect(rig.log(site.origin)).toMatchObject({ verified_size: 550, kinds: { certificate: 550 } });
    expect(rig.alerts()).toEqual([]);
  });

  it('joins it at its end, or at a time', async () => {
    grow(300);
    source = site.source(rig.http, 'head');
    await poll();
    expect(rig.log(site.origin)).toMatchObject({ verified_size: 300, started_at_index: 300 });
    await rig.close();

    rig = new MonitorRig();
    source = site.source(rig.http, new Date(1_700_000_000_000 + 201_000));
    await poll();
    expect(rig.log(site.origin)).toMatchObject({ started_at_index: 200, kinds: { certificate: 100 } });
  });

  it('judges what was certified by an ordinary watch, with claims that only an entry of Rekor can have', async () => {
    rig.watches = [
      releaseWatch({
        expect: [
          ...EXPECTED,
          rule('signature', 'verified'),
          rule('kind', ['hashedrekord', 'dsse']),
          rule('artifact', 'sha256:*'),
        ],
      }),
    ];
    const good = authority.issueLogged(releaseAt('refs/tags/v1'));
    const bad = authority.issueLogged(releaseAt('refs/heads/main'));
    site.append([site.announce(good), site.certified(good), ...fillers(3), site.announce(bad)]);
    await poll();
    expect(rig.verdicts()).toEqual([
      '0 widget-release expected',
      '1 widget-release expected',
      '5 widget-release unexpected',
    ]);
    expect(rig.log(site.origin).kinds).toEqual({ precertificate: 2, certificate: 4 });
    const alert = rig.onlyAlert();
    expect(alert).toMatchObject({
      class: 'identity',
      kind: 'unexpected',
      severity: 'critical',
      log: site.origin,
      index: 5,
      artifacts: [],
      violations: [{ claim: 'source_ref', expected: 'refs/tags/v*', found: 'refs/heads/main' }],
      signer: { type: 'certificate', chain: 'trusted', source_repository: `${GITHUB}/acme/widget` },
      links: { entry: null },
    });
    expect(alert.summary).toContain('A certificate was issued to this identity; the log it stands in does not say');
    expect(alert.links.run).not.toBeNull();
  });

  it('tells precertificate and certificate of one issuance once, in either order', async () => {
    const first = authority.issueLogged(releaseAt('refs/heads/a'));
    const second = authority.issueLogged(releaseAt('refs/heads/b'));
    site.append([site.announce(first), ...fillers(2), site.certified(second)]);
    await poll();
    restart();
    site.append([site.certified(first), site.announce(second)]);
    await poll();
    expect(rig.verdicts()).toEqual([0, 3, 4, 5].map((index) => `${index} widget-release unexpected`));
    expect(rig.alerts().map(({ index, occurrences }) => [index, occurrences])).toEqual([
      [0, 1],
      [3, 1],
    ]);
    const told = rig.rows<{ found: number; alert: string }>(
      'SELECT e.idx AS found, f.alert FROM findings f JOIN entries e ON e.id = f.entry ORDER BY e.idx',
    );
    expect(told.map(({ alert }) => alert)).toEqual([0, 1, 0, 1].map((place) => rig.alerts()[place]?.id));
  });

  it('counts another issuance of the same identity', async () => {
    site.append([1, 2].map(() => site.announce(authority.issueLogged(releaseAt('refs/heads/a')))));
    await poll();
    expect(rig.onlyAlert()).toMatchObject({ index: 0, lastIndex: 1, occurrences: 2 });
  });

  it('keeps what came with an entry, and proof of it', async () => {
    const issued = authority.issueLogged(releaseAt('refs/heads/a'));
    site.append([...fillers(4), site.announce(issued), ...fillers(4)]);
    await poll();
    expect(extras().map((extra) => extra.indexOf(issued.precertificate))).toEqual([3]);
    expect(rig.onlyAlert().evidence).toMatchObject({
      kind: 'inclusion',
      log: site.origin,
      type: 'ct',
      leaf: { index: 4, data: site.log.entry(4).leaf, extra: extras()[0] },
      proof: { size: 9, root: site.root, hashes: site.log.tree.inclusion(4, 9) },
    });
  });

  it('calls forged what an authority was named for that nobody trusts', async () => {
    const issued = forger.issueLogged(releaseAt('refs/tags/v1'));
    site.append([site.announce(issued), site.certified(issued)]);
    await poll();
    expect(rig.verdicts()).toEqual(['0 widget-release forged', '1 widget-release forged']);
    expect(rig.onlyAlert()).toMatchObject({
      kind: 'forged',
      severity: 'low',
      signer: { chain: 'untrusted' },
      occurrences: 1,
      summary: expect.stringContaining('The precertificate was not issued by a certificate authority') as string,
    });
  });

  it('calls unverifiable what a trusted authority was named for without showing it', async () => {
    const issued = authority.issueLogged(releaseAt('refs/heads/main'));
    const other = authority.issueLogged(releaseAt('refs/tags/v1'));
    const forged = forger.issueLogged(releaseAt('refs/heads/main'));
    site.append([
      site.announce(issued, other.precertificate),
      site.announce(issued, Buffer.alloc(0)),
      // It holds what was logged, but the named authority did not sign it.
      site.announce({ ...forged, issuerKeyHash: issued.issuerKeyHash }),
    ]);
    await poll();
    expect(rig.verdicts()).toEqual([0, 1, 2].map((index) => `${index} widget-release unverifiable`));
    expect(rig.onlyAlert()).toMatchObject({
      kind: 'unverifiable',
      severity: 'critical',
      signer: { chain: 'unknown', source_ref: 'refs/heads/main' },
      summary: expect.stringContaining('came with no signature of it that fits what was logged') as string,
    });
  });

  it('looks past every cache before it calls unverifiable what came with an entry', async () => {
    site.append([...fillers(4), site.announce(authority.issueLogged(releaseAt('refs/heads/main')))]);
    site.log.tamperEntry(4, { ...site.log.entry(4), precertificate: Buffer.alloc(0) });
    site.endWhenFresh();
    await poll();
    expect(rig.verdicts()).toEqual(['4 widget-release unexpected']);
    expect(extras()[0]?.length).toBeGreaterThan(100);
  });

  it('calls forged what a trusted authority signed for another to issue', async () => {
    const issued = authority.issueLogged(releaseAt('refs/tags/v1'));
    site.append([site.announce({ ...issued, issuerKeyHash: Buffer.alloc(32, 1) })]);
    await poll();
    expect(rig.verdicts()).toEqual(['0 widget-release forged']);
  });

  it('keeps what cannot be read, and goes on', async () => {
    const issued = authority.issueLogged(releaseAt('refs/heads/main'));
    site.append([
      site.certified({ certificate: Buffer.from('no certificate') }),
      site.announce({ ...issued, tbs: Buffer.from('nothing') }),
      site.announce(issued),
    ]);
    expect(await poll()).toEqual([{ kind: 'verified', size: 3 }]);
    expect(rig.rows('SELECT idx, kind FROM unparsable ORDER BY idx')).toEqual([
      { idx: 0, kind: 'certificate' },
      { idx: 1, kind: 'precertificate' },
    ]);
    expect(rig.verdicts()).toEqual(['2 widget-release unexpected']);
  });

  describe('that misbehaves', () => {
    beforeEach(async () => {
      grow(13);
      await poll();
      grow(8);
      await poll();
    });

    const stopped = () => rig.rows('SELECT verified_size, stopped_by IS NOT NULL AS stopped FROM logs');

    it('tells of a fork at equal size, with both notes', async () => {
      site.fork(5);
      expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
      expect(rig.onlyAlert()).toMatchObject({ kind: 'fork', severity: 'critical' });
      expect(provesEqualSizes(rig.onlyAlert().evidence, site)).toBe(21);
      expect(stopped()).toEqual([{ verified_size: 21, stopped: 1 }]);
    });

    it('tells of a fork at a larger size, with the nodes that prove it, also after a restart', async () => {
      site.fork(5);
      grow(16);
      restart();
      expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
      expect(rig.onlyAlert().kind).toBe('fork');
      expect(provesPrefix(rig.onlyAlert().evidence, site)).toEqual([21, 37]);
      expect(stopped()).toEqual([{ verified_size: 21, stopped: 1 }]);
    });

    it('tells of a rollback to a smaller tree that is no prefix', async () => {
      site.signHead(17, ANOTHER_ROOT);
      expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
      expect(rig.onlyAlert().kind).toBe('rollback');
      expect(provesPrefix(rig.onlyAlert().evidence, site)).toEqual([17, 21]);
    });

    it('tells nothing of a lagging replica, nor of the same tree head signed anew', async () => {
      site.serveOldCheckpoint(17);
      expect(await poll()).toEqual([{ kind: 'verified', size: 21 }]);
      site.heal();
      site.log.headTime += 60_000;
      expect(await poll()).toEqual([{ kind: 'verified', size: 21 }]);
      expect(rig.alerts()).toEqual([]);
    });

    it.each([
      [
        'a bad signature',
        'bad-signature',
        (log: CtSite) => {
          log.badSignature();
        },
      ],
      [
        'another leaf',
        'entry-mismatch',
        (log: CtSite) => {
          log.tamperLeaf(25);
        },
      ],
      [
        'another leaf, the last one',
        'entry-mismatch',
        (log: CtSite) => {
          log.tamperLeaf(28);
        },
      ],
      [
        'another proof',
        'entry-mismatch',
        (log: CtSite) => {
          log.tamperProof(28);
        },
      ],
    ])('tells of %s, holds the position, and heals by itself', async (_what, kind, misbehave) => {
      grow(8);
      misbehave(site);
      expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
      expect(rig.onlyAlert()).toMatchObject({
        kind,
        evidence: { kind, signed: false, served: { url: expect.stringContaining(site.url) as string } },
      });
      expect(stopped()).toEqual([{ verified_size: 21, stopped: 0 }]);
      site.heal();
      restart();
      expect(await poll()).toEqual([{ kind: 'verified', size: 29 }]);
      expect(rig.log(site.origin)).toMatchObject({ state: 'verified', last_error: null });
    });

    it('tells nothing of another leaf that is right at the second look', async () => {
      grow(8);
      site.tamperLeaf(25);
      site.endWhenFresh();
      expect(await poll()).toEqual([{ kind: 'verified', size: 29 }]);
      expect(rig.alerts()).toEqual([]);
    });

    it('tells of entries that do not make the root it signed', async () => {
      grow(8);
      site.signHead(29, ANOTHER_ROOT);
      expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
      expect(rig.onlyAlert()).toMatchObject({ class: 'log', severity: 'critical' });
      expect(stopped()).toMatchObject([{ verified_size: 21 }]);
    });
  });
});

describe('pass() over a CT log that says it is another', () => {
  it('tells of it where the log writes a name', async () => {
    const [[, start]] = CT_SITES;
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http);
    grow(3);
    await poll();
    site.wrongOrigin();
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'wrong-origin', severity: 'high' });
  });
});
