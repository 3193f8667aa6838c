import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEntry, FORMATS } from '../../src/entry/decode.ts';
import type { DecodedEntry, ParsedEntry, SignerType } from '../../src/entry/entry.ts';
import { flippedInside, isForeseen, otherValue } from '../support/entry-mutations.ts';

interface Expected {
  /** Kind and version. */
  readonly format: string;
  /** Type and fingerprint of each. */
  readonly signers: readonly (readonly [SignerType, string | null])[];
  readonly artifacts: readonly string[];
}

/** What every fixture says. Fingerprints and digests were taken from them with other programs: openssl, gpg and Python. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  'alpine.json': {
    format: 'alpine 0.0.1',
    signers: [['public-key', '0ecf4561c1d0c4cd0531afa5c6374a0833b0f5e63f78fbd843b2e323991e7b8a']],
    artifacts: ['sha256:5bdf7b0bf092f3160437e1e9b3f7d19b38db05229127a18b9b60c7d26aa8901f'],
  },
  'cose-certificate.json': {
    format: 'cose 0.0.1',
    signers: [['certificate', '76169e2b67537621c53d8c54ba2f1dd926904fc470caedfec9928211656e4eda']],
    artifacts: ['sha256:b3f4dfc3bbcb0429a3346333b19f5777ddf738b339aeafe1e19bf9e1df15c1e1'],
  },
  'cose-p256.json': {
    format: 'cose 0.0.1',
    signers: [['public-key', 'e9ceba4e6b871cbbc36335c42a4221001f83e1634f4f9486d3dff169c35f8bc1']],
    artifacts: ['sha256:8e2e32c69e1bae795a2ec336c6ed38f39a710d27f9d6bbc8b7e5d9a5c016ac7b'],
  },
  'dsse-v1-certificate-and-rsa.json': {
    format: 'dsse 0.0.1',
    signers: [
      ['certificate', '82897067f5a034fe43cbe013c79fa6227a55821285c8d2fbffd88e0bfe679cbc'],
      ['public-key', 'a827fda8fd5099283528a35aacc0ea6566c39e1a8c4852e0139f1b1fa6a8eb4d'],
    ],
    artifacts: ['sha256:bae5e98e84e5f65cf8fca86515226a2d7cf74e2f89121cbcf73a59b5aa33b14e'],
  },
  'dsse-v1-two-certificates.json': {
    format: 'dsse 0.0.1',
    signers: [
      ['certificate', 'c3f7367a64c8d82799a3c9f89fe7dc0ff8f4735c9a2fb91636c43e9f6dd17baa'],
      ['certificate', '53195d0d61b11468877009cc25999d9fa79e793f0f18479539926876d71f73f1'],
    ],
    artifacts: ['sha256:029a0caaae3ae73373cf21fc72fe4078d9a1b02bac79c5516cde947051eeeda5'],
  },
  'dsse-v2-certificate-and-p256.json': {
    format: 'dsse 0.0.2',
    signers: [
      ['public-key', 'b7be7979ac6079b4a37fe3595f65c151261360ccd89824ac50989e3409e784ae'],
      ['certificate', '8619e54f22ec27f2251bd85aa49914931daa0e0263b09dff10bd0683bb711667'],
    ],
    artifacts: ['sha256:53e7f07617c628a028f9df4f42bec3135790977b5f9fa217839c06eb386a0bd9'],
  },
  'hashedrekord-v1-chain.json': {
    format: 'hashedrekord 0.0.1',
    signers: [['certificate', '6c01bc46ed2d4c2f6a3384963111608bb43ab8759c08e541c5cda5d57024721f']],
    artifacts: ['sha256:33cac93367793bd512c989b3b25b99404b25151bec18a9a1150e78d11621d8eb'],
  },
  'hashedrekord-v1-p256.json': {
    format: 'hashedrekord 0.0.1',
    signers: [['public-key', 'e9ceba4e6b871cbbc36335c42a4221001f83e1634f4f9486d3dff169c35f8bc1']],
    artifacts: ['sha256:50979a3572f79b190a0b2425c3e8f5930b444d1ee9fff060bb2e45ac79eabe7d'],
  },
  'hashedrekord-v1-p384.json': {
    format: 'hashedrekord 0.0.1',
    signers: [['public-key', '6111e41944e167448d3414158e2361e014720f084531be118e522c44533dc1a9']],
    artifacts: [
      'sha384:5577b954888fb323969e8edead140a1ce17d9ed5222c8e943ebfc25f4e4fb3fbe9fa7ead10332cc2903ccd5772cd6078',
    ],
  },
  'hashedrekord-v1-workflow.json': {
    format: 'hashedrekord 0.0.1',
    signers: [['certificate', '80345df4f2e62619102304ee284b5e515504dfb3eea32ceae6e29c1e9291f2d5']],
    artifacts: ['sha256:042d7d3865ade5378ba29a3cc80d15e296f4390dd33ce4c20f3342c3d530a282'],
  },
  'hashedrekord-v2-dsse-certificate.json': {
    format: 'hashedrekord 0.0.2',
    signers: [['certificate', '4868570ae8600444485d9850d8b28380df31f5fb3f68fa22f08f18d99e8d03cc']],
    artifacts: ['sha256:9c755c3b5498ae55b488535516ec54124e4ad3cbb9036fddbb472b9a45730a1a'],
  },
  'hashedrekord-v2-dsse-p256.json': {
    format: 'hashedrekord 0.0.2',
    signers: [['public-key', '7ccdb7d5b19e6ad13cc17819fb3e811f7d635ed66e8273013068fd2cf71cff4f']],
    artifacts: ['sha256:9dff711bc4050af476781e39ddde6ab57ce70f73b509b41692c67ed949e63c07'],
  },
  'hashedrekord-v2-ed25519ph.json': {
    format: 'hashedrekord 0.0.2',
    signers: [['public-key', '05cbdba38d292c48b94312bacbe410bd1481c97a9a578675e8b75f8595dfe2cb']],
    artifacts: [
      'sha512:9499df0a12d22174d086e42d0a3a722a6d5478e34dc4f38f8dafa037897dc9159189f7f55576ea68b3d7175bcf48ec3b2fa6798de6ea267dcdd458608516724a',
    ],
  },
  'hashedrekord-v2-workflow.json': {
    format: 'hashedrekord 0.0.2',
    signers: [['certificate', 'a40fa758458d4175363a827024c675a6db15f80f2fd171e4896564f732d09fca']],
    artifacts: ['sha256:4249ce62a5601061f938a8302e10bd25e07e21a8b4f14c46e5e0e2d4a3584663'],
  },
  'helm.json': {
    format: 'helm 0.0.1',
    signers: [['pgp', '3b682c25572108a510270c67ff9fc7d1d18df03f']],
    artifacts: ['sha256:37a6c7f633d448006a0ef55dc6eb3ba2287ba100fb6d90a474b8fc2ba9e1c689'],
  },
  'intoto-0.0.1-certificate.json': {
    format: 'intoto 0.0.1',
    signers: [['certificate', 'e3c5b33d250d8dfc2257dea998ab5f25ddd4fe6befd2bf658fb60fa88ceddd19']],
    artifacts: ['sha256:ab2b05157d085abf92b0f8135bfe59878240e3268ef6dd8462fb73bed14592ec'],
  },
  'intoto-0.0.1-p256.json': {
    format: 'intoto 0.0.1',
    signers: [['public-key', 'e9ceba4e6b871cbbc36335c42a4221001f83e1634f4f9486d3dff169c35f8bc1']],
    artifacts: ['sha256:29d9a96df4c5eb97918518d2e80f42edf92c63db432745099ffa0c85bddf3b25'],
  },
  'intoto-0.0.2-certificate-and-rsa.json': {
    format: 'intoto 0.0.2',
    signers: [
      ['certificate', '6f09d4941e7a0e85b1dcd1e2ad797f746d63cf05adfae6690b3655e4f32464a3'],
      ['public-key', 'a827fda8fd5099283528a35aacc0ea6566c39e1a8c4852e0139f1b1fa6a8eb4d'],
    ],
    artifacts: ['sha256:dad8e17fdb2030aa5504b95c19e41bf84f7bf07d6fef9e7f04a5a7e825691be8'],
  },
  'intoto-0.0.2-certificate.json': {
    format: 'intoto 0.0.2',
    signers: [['certificate', '721ffc85fceb2a40d5dab338147d5bba7a6fee956ffd993ea3ccb2e76753e012']],
    artifacts: ['sha256:91d412a086e3ac0b84e82c20433c56a901684a9c171a3e3fbd00143de0d31114'],
  },
  'jar.json': {
    format: 'jar 0.0.1',
    signers: [['certificate', '8d036982f58ae0e725ed64e0edec5f273460819af2aaafedcc188492ca21ee1e']],
    artifacts: ['sha256:d0107ab77ef18984a5e6e90d6fe0b9088808ec1ff0e9adc0e6ade70d98b0b6be'],
  },
  'rekord-minisign-legacy.json': {
    format: 'rekord 0.0.1',
    signers: [['minisign', 'b0c574af35195806']],
    artifacts: ['sha256:a7454792bf539edfeadcb5a46a399de85c13248c7c0a8e0e61a39e8698db23b1'],
  },
  'rekord-minisign.json': {
    format: 'rekord 0.0.1',
    signers: [['minisign', 'b0c574af35195806']],
    artifacts: ['sha256:d5a950e74eee87f48a107f54c924c9e40168ed7f6828185a3cb82e4c3e74b2b3'],
  },
  'rekord-pgp-ed25519.json': {
    format: 'rekord 0.0.1',
    signers: [['pgp', 'c2fdebe2a60d9710b9cfec4f510b76bfbed5cab9']],
    artifacts: ['sha256:37a6c7f633d448006a0ef55dc6eb3ba2287ba100fb6d90a474b8fc2ba9e1c689'],
  },
  'rekord-pgp-rsa.json': {
    format: 'rekord 0.0.1',
    signers: [['pgp', '3b682c25572108a510270c67ff9fc7d1d18df03f']],
    artifacts: ['sha256:37a6c7f633d448006a0ef55dc6eb3ba2287ba100fb6d90a474b8fc2ba9e1c689'],
  },
  'rekord-ssh-ecdsa.json': {
    format: 'rekord 0.0.1',
    signers: [['ssh', 'SHA256:SLer4otZuscDlXP7GClVOm6pYHyECmwOQQ+D39q2O6U']],
    artifacts: ['sha256:7e416fff74c875e5fffaa0ea293099c6268c0e22c230662bf41d9a53c77029b7'],
  },
  'rekord-ssh-ed25519.json': {
    format: 'rekord 0.0.1',
    signers: [['ssh', 'SHA256:htZ1c0rlH012oQC48Qmfn2MSu5YcjzriI3RWViEChwo']],
    artifacts: ['sha256:ca84075b5bc976220d8d8ff2cbd5a8ff56fd2e244e06f384122faf1e843dbc9c'],
  },
  'rekord-ssh-rsa.json': {
    format: 'rekord 0.0.1',
    signers: [['ssh', 'SHA256:BxQW4HvTpIDnwIOp37Nne0D2V6qFl5+QJ03ReKXDuNM']],
    artifacts: ['sha256:7f964d9c24094990207d25b4655bbdb5cbe6d5c91c006c3da0e2ced53c59c24f'],
  },
  'rekord-x509-certificate.json': {
    format: 'rekord 0.0.1',
    signers: [['certificate', 'edf75d30b8c2cf7981a29b99a68b2dfbdf0a3371cd9758aba82429d37088611f']],
    artifacts: ['sha256:1702106e119d0a51b56d64fbceaaed71dda44b5007a7d208c7b5aa39ce69cd1d'],
  },
  'rekord-x509-ed25519.json': {
    format: 'rekord 0.0.1',
    signers: [['public-key', '11a2d519ed63d49b507a52a4817c7399629a91b6f93ce71f324b111c42cadfd6']],
    artifacts: ['sha256:a43fc303f27dab13de3493479274194fb77e9d752ad24e4cfd894df388330234'],
  },
  'rekord-x509-p256.json': {
    format: 'rekord 0.0.1',
    signers: [['public-key', 'e9ceba4e6b871cbbc36335c42a4221001f83e1634f4f9486d3dff169c35f8bc1']],
    artifacts: ['sha256:cd21a16588049676b5e9adb0796012c0ea6f0ff1012cf2e7af7dca85bb491b74'],
  },
  'rfc3161.json': {
    format: 'rfc3161 0.0.1',
    signers: [['none', null]],
    artifacts: ['sha256:37a6c7f633d448006a0ef55dc6eb3ba2287ba100fb6d90a474b8fc2ba9e1c689'],
  },
  'rpm.json': {
    format: 'rpm 0.0.1',
    signers: [['pgp', '3b682c25572108a510270c67ff9fc7d1d18df03f']],
    artifacts: ['sha256:052b31b66bce5cdd9b5d7dd9795123b79d784e4b03a5ea187bd4697f6d60ef1b'],
  },
  'tuf-root.json': {
    format: 'tuf 0.0.1',
    signers: [
      ['tuf', '574236b69f091053971e6e904778fcf6cdcbadaf897c921d00714b7172f21215'],
      ['tuf', 'd2cda17a993ff5fccd79d2b9a2a7f574c46170fb6e143d415194b28b2d89901e'],
    ],
    artifacts: [],
  },
  'tuf-targets.json': {
    format: 'tuf 0.0.1',
    signers: [['tuf', '574236b69f091053971e6e904778fcf6cdcbadaf897c921d00714b7172f21215']],
    artifacts: [],
  },
  'tuf-timestamp.json': {
    format: 'tuf 0.0.1',
    signers: [['tuf', '574236b69f091053971e6e904778fcf6cdcbadaf897c921d00714b7172f21215']],
    artifacts: [],
  },
};

const FOLDER = resolve(import.meta.dirname, '../fixtures/entries');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

describe('the entries in test/fixtures', () => {
  it('are of every kind and version that is read', () => {
    const found = new Set(FILES.map((name) => EXPECTED[name]?.format));
    expect([...found].sort()).toEqual([...FORMATS.keys()].sort());
  });

  it('are listed here, each of them', () => {
    expect(FILES.sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(FILES)('%s says who signed what', (name) => {
    const entry = read(decodeEntry(readLeaf(name)));
    expect({
      format: `${entry.kind} ${entry.apiVersion}`,
      signers: entry.signers.map(({ type, fingerprint }) => [type, fingerprint]),
      artifacts: entry.artifacts,
    }).toEqual(EXPECTED[name]);
  });

  it.each(FILES)('%s has the fingerprint of each signer as its claim `key`', (name) => {
    const { signers } = read(decodeEntry(readLeaf(name)));
    expect(signers.map(({ claims }) => claims['key']?.[0] ?? null)).toEqual(
      signers.map(({ fingerprint }) => fingerprint),
    );
  });

  it.each(FILES)('%s has an outcome whatever bytes are changed inside of it', (name) => {
    fc.assert(
      fc.property(flippedInside(readLeaf(name)), (leaf) => isForeseen(decodeEntry(leaf))),
      { numRuns: 500 },
    );
  });

  it.each(FILES)('%s has an outcome whatever stands in the place of one value', (name) => {
    fc.assert(
      fc.property(otherValue(readLeaf(name)), (leaf) => isForeseen(decodeEntry(leaf))),
      { numRuns: 500 },
    );
  });
});

function readLeaf(name: string): Buffer {
  return readFileSync(resolve(FOLDER, name));
}

function read(decoded: DecodedEntry): ParsedEntry {
  if (!decoded.ok) {
    throw new Error(decoded.problem);
  }
  return decoded.entry;
}
