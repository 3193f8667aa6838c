import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCaChain, parsePublicKey } from '../../src/config/pem.ts';
import { toPem } from '../../src/demo/certificate-authority.ts';
import { certify, extendedKeyUsage, OF_AUTHORITY, party, SERVER_AUTH } from '../support/chain-maker.ts';

const CHAIN = readFileSync(join(import.meta.dirname, '..', 'fixtures', 'config', 'ca-chain.pem'), 'utf8');
const [INTERMEDIATE = '', ROOT = ''] = CHAIN.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? [];

describe('parsePublicKey()', () => {
  it('refuses two keys in one file', () => {
    const key = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(() => parsePublicKey(key + key, 'f')).toThrow(
      new SyntaxError('Cannot take "f" as a public key: it holds 2 PEM blocks, expected one PUBLIC KEY'),
    );
  });

  it('refuses RSA', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(() => parsePublicKey(publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'f')).toThrow(
      new SyntaxError('Cannot take "f" as a public key: expected Ed25519 or ECDSA on P-256'),
    );
  });
});

describe('parseCaChain()', () => {
  it('takes a root alone and an intermediate alone', () => {
    expect([parseCaChain(ROOT, 'f').length, parseCaChain(INTERMEDIATE, 'f').length]).toEqual([1, 1]);
  });

  it('refuses certificates that are no chain', () => {
    expect(() => parseCaChain(INTERMEDIATE + INTERMEDIATE, 'f')).toThrow(
      new SyntaxError(
        'Cannot take "f" as a CA chain: certificate 1 is not issued by its neighbour; ' +
          'expected one chain, intermediates before their root (give another CA its own file)',
      ),
    );
  });

  it('refuses a CA that may not issue to those who sign code', () => {
    const ca = party('ca');
    const pem = toPem(certify(ca, ca, { extensions: [...OF_AUTHORITY, extendedKeyUsage(SERVER_AUTH)] }));
    expect(() => parseCaChain(pem, 'f')).toThrow(
      new SyntaxError(
        'Cannot take "f" as a CA chain: certificate 1 of 1: its extended key usage does not allow code signing; ' +
          'expected CAs that may issue to code signers',
      ),
    );
  });

  it('refuses a certificate with a bit changed', () => {
    const broken = ROOT.replace('MII', 'AAA');
    expect(() => parseCaChain(broken, 'f')).toThrow(
      new SyntaxError('Cannot take "f" as a CA chain: certificate 1 is broken'),
    );
  });
});
