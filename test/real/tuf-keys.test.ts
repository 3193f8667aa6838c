import { createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/entry/canonical-json.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import { tufKeyId, tufKeySpki } from '../../src/entry/tuf-key.ts';
import { countEach } from '../support/count-each.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

interface Root {
  readonly signed: {
    readonly keys: Readonly<Record<string, { readonly keytype: string; readonly [more: string]: unknown }>>;
  };
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

const HISTORIES = ['sigstore__root-signing', 'sigstore__root-signing-staging'].map(
  (name) => `trust/${name}/metadata/root_history`,
);

describe.runIf(hasRealdata)('the TUF roots of the public instances', () => {
  const roots = hasRealdata ? HISTORIES.flatMap(readRoots) : [];
  const keys = roots.flatMap((root) => Object.entries(root.signed.keys));

  it('give each key an id that is computed here too', () => {
    expect(keys.filter(([id, key]) => tufKeyId(id, key) !== id)).toEqual([]);
    expect(keys.length).toBeGreaterThan(50);
  });

  it('are signed by the keys that are read here, over the canonical JSON that is written here', () => {
    const verdicts = roots.flatMap((root) =>
      root.signatures
        .filter(({ keyid, sig }) => sig !== '' && Object.hasOwn(root.signed.keys, keyid))
        .map(({ keyid, sig }) => {
          const key = createPublicKey({
            key: tufKeySpki(root.signed.keys[keyid] ?? {}) ?? '',
            format: 'der',
            type: 'spki',
          });
          const message = Buffer.from(canonicalJson(root.signed));
          return String(verify('sha256', message, key, Buffer.from(sig, 'hex')));
        }),
    );
    expect(Object.keys(countEach(verdicts))).toEqual(['true']);
    expect(verdicts.length).toBeGreaterThan(30);
  });

  it('make entries whose signers are those who signed them', () => {
    for (const root of roots) {
      const spec = { metadata: { content: root }, root: { content: root } };
      const decoded = decodeEntry(Buffer.from(JSON.stringify({ kind: 'tuf', apiVersion: '0.0.1', spec })));
      const known = root.signatures.filter(({ keyid }) => Object.hasOwn(root.signed.keys, keyid));
      expect(decoded).toMatchObject({
        ok: true,
        entry: { signers: known.map(({ keyid }) => ({ type: 'tuf', fingerprint: keyid })) },
      });
    }
  });
});

function readRoots(folder: string): readonly Root[] {
  const files = readdirSync(realdata(folder)).filter((name) => name.endsWith('.json'));
  // The TUF project's own format.
  return files.map((name) => JSON.parse(readFileSync(realdata(`${folder}/${name}`), 'utf8')) as Root);
}
