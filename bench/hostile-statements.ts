import { hash } from 'node:crypto';
import { keyOn, P256_KEY, releaseCertificate, rsaKey } from './hostile-certificates.ts';
import { digest, json, list, pem, type Shape, type Shaped } from './hostile-parts.ts';

const STATEMENT = 'https://in-toto.io/Statement/v0.1';
const SLSA = 'https://slsa.dev/provenance';
/** As many as are read. */
const SIGNERS = 64;

const [P521_KEY, SLOW_KEY] = ['P-521', 'sect571r1'].map(keyOn);

/** Entries that come with what was signed: it hashes to what they record, so it is read. */
export const STATEMENT_SHAPES: Readonly<Record<string, Shape>> = {
  'a statement of many spellings': (size) => {
    const others = Object.fromEntries(list(size / 20, (at) => [`k${at}`, 0]));
    const material = { ...others, uri: 'git+https://a.example' };
    const recipe = Object.fromEntries(spellingsOf('definedInMaterial', size / 80).map((name) => [name, 0]));
    return statement(`${SLSA}/v0.1`, { predicate: { recipe, materials: [material] } });
  },
  'a statement of many types': (size) => {
    const types = spellingsOf('predicateType', size / 64).map((name) => [name, `${SLSA}/v0.1x`] as const);
    const predicates = spellingsOf('predicate', 512).map((name) => [name, {}] as const);
    return statement(`${SLSA}/v1`, Object.fromEntries([...types, ...predicates]));
  },
  'a statement of many subjects': (size) =>
    statement(`${SLSA}/v1`, {
      subject: list(size / 120, (at) => ({ name: `n${at}`, digest: { sha256: hash('sha256', String(at)) } })),
    }),
  'a statement of many sources': (size) =>
    statement(`${SLSA}/v1`, {
      predicate: {
        buildDefinition: {
          resolvedDependencies: list(size / 80, (at) => ({
            uri: `git+https://a.example/${at}@refs/${at}`,
            digest: { sha1: String(at) },
          })),
        },
      },
    }),
  'a COSE message of many headers': (size) => {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(size);
    const message = Buffer.concat([Buffer.from('d28440bb00000000', 'hex'), count, Buffer.alloc(size)]);
    const verifier = pem('PUBLIC KEY', P256_KEY).toString('base64');
    const data = { payloadHash: digest(Buffer.of(1)), envelopeHash: digest(message) };
    return { ...json('cose', { data, publicKey: verifier }), extra: message };
  },
  'an envelope of many RSA keys': (size) => envelope(size, rsaKey(512, Buffer.of(1, 0, 1))),
  'an envelope of many RSA keys of 16,384 bits': (size) => envelope(size, rsaKey(2048, Buffer.of(1, 0, 1))),
  'an envelope of many RSA keys of a large exponent': (size) => envelope(size, rsaKey(384, Buffer.alloc(383, 0xab))),
  'an envelope of many keys on P-521': (size) => envelope(size, P521_KEY ?? P256_KEY),
  'an envelope of many keys on a slow curve': (size) => envelope(size, SLOW_KEY ?? P256_KEY),
};

function statement(predicateType: string, members: object): Shaped {
  return attested(Buffer.from(JSON.stringify({ _type: STATEMENT, predicateType, ...members })));
}

function attested(payload: Buffer): Shaped {
  const verifier = pem('PUBLIC KEY', P256_KEY).toString('base64');
  const spec = { payloadHash: digest(payload), signatures: [{ signature: 'AAAA', verifier }] };
  return { ...json('dsse', spec), extra: payload };
}

/** Of signers that are all selected, none of whom signed. */
function envelope(size: number, key: Buffer): Shaped {
  const payload = Buffer.from(JSON.stringify({ _type: STATEMENT, filler: 'a'.repeat(size) }));
  const publicKey = pem('CERTIFICATE', releaseCertificate(key)).toString('base64');
  const signatures = list(SIGNERS, (at) => ({
    publicKey,
    sig: Buffer.from(Buffer.alloc(512, at).toString('base64')).toString('base64'),
  }));
  const content = {
    envelope: { payloadType: 'application/vnd.in-toto+json', signatures },
    payloadHash: digest(payload),
  };
  return { ...json('intoto', { content }, '0.0.2'), extra: payload };
}

/** Go compares the names of members without regard to case: so many ways to write one. */
function spellingsOf(name: string, count: number): readonly string[] {
  return list(Math.min(count, 2 ** name.length), (at) =>
    Array.from(name, (letter, bit) =>
      Math.floor(at / 2 ** bit) % 2 === 1 ? letter.toUpperCase() : letter.toLowerCase(),
    ).join(''),
  );
}
