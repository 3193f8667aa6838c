import { signersFromKeyFile } from '../entry/key-file.ts';
import type { Signer } from '../entry/entry.ts';
import { readSmallFile } from '../config/read-small-file.ts';
import { quote } from '../config/key-path.ts';
import { yamlText } from '../config/yaml-text.ts';
import { shown } from '../alert/escape.ts';
import { detectorLines, type DraftedWatch } from './init-config.ts';

/** Bytes of a key file. */
const MAX_FILE = 1024 * 1024;
/** Keys of one file: of more, nobody meant all. */
const MAX_KEYS = 20;
/** Addresses that keys give themselves, as comments. */
const MAX_ADDRESSES = 5;

const SAID: Readonly<Record<string, string>> = {
  certificate: 'the key of the certificate',
  'public-key': 'the key',
  pgp: 'the PGP key',
  ssh: 'the SSH key',
  minisign: 'the minisign key',
};

/** The watch over what is signed with the keys of a file. Throws SyntaxError for a file that cannot be read or holds no public key. */
export function watchKey(path: string): DraftedWatch {
  const signers = signersFromKeyFile(readSmallFile(path, MAX_FILE, 'key'), `key ${quote(path)}`);
  if (signers.length > MAX_KEYS) {
    throw new SyntaxError(
      `Cannot use key ${quote(path)}: it holds ${signers.length} keys, expected at most ${MAX_KEYS} that sign for one thing`,
    );
  }
  const [first] = signers;
  const names = signers.map(nameOf);
  const what = `${SAID[first.type] ?? 'the key'}${signers.length > 1 ? 's' : ''} in ${shown(path, 200)}`;
  const keys = yamlText(names.length === 1 ? names[0] : names);
  return {
    about: `who signs with ${what}`,
    name: `key-${(names[0] ?? '').replace(/^SHA256:/, '').slice(0, 16)}`,
    description: `Everything that is signed with ${what}`,
    lines: [
      'select:                  # an entry that meets this was signed with the key, or says so',
      `  - key: ${keys}`,
      ...addressLines(signers),
      '# A key names nobody: whoever has it signs as you do. For a key that is retired write instead: expect: none',
      'expect:                  # then all of this must hold, or you are told',
      `  key: ${keys}`,
      '  signature: [verified, not-checkable]   # not-checkable: the entry does not hold what was signed',
      ...(first.type === 'certificate'
        ? [
            '  # Where a CA of your own issued the certificate, name it under trust: else its signatures are told as forged.',
            '  # trust: { certificate_authorities: [{ name: acme-ca, chain: ./acme-ca.pem }] }',
          ]
        : []),
      ...detectorLines('[kind]', 'a kind of entry that was never seen here before'),
    ],
  };
}

/** What binds: the id of a minisign key is a number that anybody can give his own; its other name is a hash of the key. */
function nameOf({ type, claims, fingerprint }: Signer): string {
  return (type === 'minisign' ? claims['key']?.at(-1) : fingerprint) ?? '';
}

function addressLines(signers: readonly Signer[]): readonly string[] {
  const addresses = [...new Set(signers.flatMap(({ claims }) => claims['key_subject'] ?? []))].filter(
    // A star would make a pattern of it.
    (address) => !address.includes('*'),
  );
  return addresses.length === 0
    ? []
    : [
        '  # Other keys that give themselves the same address are told with these lines, as unexpected: key.',
        ...addresses.slice(0, MAX_ADDRESSES).map((address) => `  # - key_subject: ${shown(yamlText(address), 300)}`),
      ];
}
