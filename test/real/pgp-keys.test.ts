import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readKeys, type PublicKey } from 'openpgp';
import sshpk from 'sshpk';
import { describe, expect, it } from 'vitest';
import type { Signer } from '../../src/entry/entry.ts';
import { signersFromPgp } from '../../src/entry/pgp.ts';
import { signerFromSsh } from '../../src/entry/ssh-key.ts';
import { readEntry } from '../support/entry-fixtures.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { readRealEntries } from '../support/recorded-entries.ts';

/** An entry, as far as it names keys. */
interface Body {
  readonly spec: {
    readonly publicKey?: { readonly content: string };
    readonly signature?: { readonly format?: string; readonly publicKey: { readonly content: string } };
  };
}

describe.runIf(hasRealdata)('the PGP keys of all recorded data', () => {
  const files = hasRealdata ? [...pgpFiles(), ...entriesWith('PGP PUBLIC KEY').map(({ key }) => key)] : [];

  it('have the fingerprints, subkeys and addresses that OpenPGP.js reads', async () => {
    const agreeing: Buffer[] = [];
    for (const file of files) {
      const keys = await readKeys({ armoredKeys: file.toString() });
      expect(signersFromPgp(file.toString('base64'), null, 'key').map(outline)).toEqual(keys.map(expectedOutline));
      agreeing.push(file);
    }
    console.info(`PGP keys: ${agreeing.length} of ${files.length} agree`);
    expect(files).toHaveLength(11);
  });

  it('are the signers of every entry that holds one', () => {
    for (const { body, key } of entriesWith('PGP PUBLIC KEY')) {
      expect(readEntry(body).signers.map(outline)).toEqual(
        signersFromPgp(key.toString('base64'), null, 'key').map(outline),
      );
    }
  });
});

describe.runIf(hasRealdata)('the SSH keys of all recorded data', () => {
  const entries = hasRealdata ? entriesWith('ssh-rsa |ssh-ed25519 |ecdsa-sha2-') : [];

  it('have the fingerprints that sshpk computes', () => {
    for (const { body, key } of entries) {
      const fingerprint = sshpk.parseKey(key.toString(), 'ssh').fingerprint('sha256').toString();
      expect(signerFromSsh(key.toString('base64'), null, 'key').fingerprint).toBe(fingerprint);
      expect(readEntry(body).signers).toMatchObject([{ type: 'ssh', fingerprint, claims: { key: [fingerprint] } }]);
    }
    console.info(`SSH keys: ${entries.length} of ${entries.length} agree`);
    expect(entries).toHaveLength(3);
  });
});

function outline({ claims }: Signer): unknown {
  return { keys: claims['key'], addresses: [...(claims['key_subject'] ?? [])].sort() };
}

function expectedOutline(key: PublicKey): unknown {
  const emails = key.users.map(({ userID }) => userID?.email ?? '').filter((email) => email !== '');
  return {
    keys: [key, ...key.getSubkeys()].map((each) => each.getFingerprint()),
    addresses: [...new Set(emails)].sort(),
  };
}

/** Every armoured public key that lies in a file of its own. */
function pgpFiles(): readonly Buffer[] {
  const folder = realdata('rekor-v1/rekor-own-testdata');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  return files
    .map((file) => readFileSync(join(file.parentPath, file.name)))
    .filter((bytes) => bytes.toString('latin1').startsWith('-----BEGIN PGP PUBLIC KEY BLOCK'));
}

/** The entries of the recorded server and of the public logs whose key file begins like this. */
function entriesWith(beginning: string): readonly { readonly body: Buffer; readonly key: Buffer }[] {
  const folder = realdata('servers/rekor-v1/bodies');
  const bodies = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  return [...bodies, ...readRealEntries().map(({ leaf }) => leaf)]
    .map((body) => ({ body, key: keyFileOf(body) }))
    .filter(({ key }) => new RegExp(`^(-----BEGIN )?(${beginning})`).test(key.toString('latin1')));
}

function keyFileOf(body: Buffer): Buffer {
  const { spec } = JSON.parse(body.toString()) as Partial<Body>;
  const content = spec?.signature?.publicKey.content ?? spec?.publicKey?.content;
  return Buffer.from(typeof content === 'string' ? content : '', 'base64');
}
