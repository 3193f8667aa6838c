import { describe, expect, it } from 'vitest';
import { extension } from '../../src/demo/certificate-authority.ts';
import { bitString, element, integer, octetString, oid, sequence, utf8String } from '../../src/demo/der-writer.ts';
import { createChainFinder, type CertificateAuthority } from '../../src/trust/chain.ts';
import {
  alternativeNames,
  ANY_PURPOSE,
  basicConstraints,
  BEGIN,
  certify,
  CODE_SIGNING,
  directory,
  dns,
  ECDSA_SHA1,
  email,
  extendedKeyUsage,
  ip,
  keyUsage,
  nameConstraints,
  nameOf,
  OF_AUTHORITY,
  OF_LEAF,
  otherName,
  party,
  read,
  SERVER_AUTH,
  uri,
  type CertificateForm,
} from '../support/chain-maker.ts';

const [root, first, second, signer] = [party('root'), party('first'), party('second'), party('signer')];
const POISON = extension('1.3.6.1.4.1.11129.2.4.3', true, element(0x05));
const UNKNOWN = extension('1.2.3.4', true, octetString(Buffer.from('x')));

/** The chain root → leaf, with these extensions of either. */
function judge(leaf: CertificateForm, authority: readonly Buffer[] = OF_AUTHORITY): string {
  const chain = [certify(root, root, { extensions: authority })] as const;
  return findBy({ chain }, certify(signer, root, { extensions: OF_LEAF, ...leaf }));
}

function findBy({ chain }: Pick<CertificateAuthority, 'chain'>, leaf: Buffer): string {
  const find = createChainFinder([{ name: 'acme', chain, validFrom: null, validTo: null }], null);
  const { verdict, authority, reason } = find(read(leaf), BEGIN);
  return verdict === 'trusted' ? `trusted by ${authority ?? ''}` : `${verdict}: ${reason ?? ''}`;
}

describe('a leaf', () => {
  it.each<readonly [string, readonly Buffer[]]>([
    ['as it should be', OF_LEAF],
    ['without a key usage', [extendedKeyUsage(CODE_SIGNING)]],
    ['of several uses', [keyUsage(0xc0), extendedKeyUsage(SERVER_AUTH, CODE_SIGNING)]],
    ['that says it is no CA', [...OF_LEAF, basicConstraints(false)]],
    ['with an extension that nobody knows', [...OF_LEAF, extension('1.2.3.4', false, Buffer.from('x'))]],
    ['of which a claim is critical', [...OF_LEAF, extension('1.3.6.1.4.1.57264.1.8', true, utf8String('x'))]],
    ['with two alternative names, of which the judge makes what it will', [...OF_LEAF, ...OF_LEAF.slice(2)]],
    ['with an alternative name that cannot be read', [...OF_LEAF.slice(0, 2), extension('2.5.29.17', true, dns('x'))]],
  ])('%s is trusted', (_, extensions) => {
    expect(judge({ extensions })).toBe('trusted by acme');
  });

  it.each<readonly [string, readonly Buffer[], string]>([
    ['of a CA', [...OF_LEAF, basicConstraints(true)], 'it is the certificate of an authority'],
    [
      'twice no CA, and once one',
      [...OF_LEAF, basicConstraints(false), basicConstraints(true)],
      'it is the certificate of an authority',
    ],
    ['for other use', [keyUsage(0x20), extendedKeyUsage(CODE_SIGNING)], 'its key usage does not allow signatures'],
    ['for two uses apart', [...OF_LEAF, keyUsage(0x20)], 'its key usage does not allow signatures'],
    ['for servers', [extendedKeyUsage(SERVER_AUTH)], 'its extended key usage does not allow code signing'],
    ['for anything', [extendedKeyUsage(ANY_PURPOSE)], 'its extended key usage does not allow code signing'],
    ['for nothing', [keyUsage(0x80)], 'its extended key usage does not allow code signing'],
    [
      'for code and again for servers',
      [...OF_LEAF, extendedKeyUsage(SERVER_AUTH)],
      'its extended key usage does not allow code signing',
    ],
    [
      'with a critical extension that nobody knows',
      [...OF_LEAF, UNKNOWN],
      'its critical extension 1.2.3.4 is not known',
    ],
    ['that is poisoned', [...OF_LEAF, POISON], 'its critical extension 1.3.6.1.4.1.11129.2.4.3 is not known'],
    [
      'with a key usage that is no bits',
      [...OF_LEAF.slice(1), extension('2.5.29.15', true, octetString(Buffer.from([0x80])))],
      'it is not written as it must be: Cannot read key usage at byte 0: found tag 0x04, expected 0x03',
    ],
    [
      'with basic constraints of a foreign shape',
      [...OF_LEAF, extension('2.5.29.19', true, sequence(oid('1.2.3')))],
      'it is not written as it must be: Cannot read basic constraints: expected a boolean and a number',
    ],
    [
      'with basic constraints in BER',
      [...OF_LEAF, extension('2.5.29.19', true, sequence(element(0x01, Buffer.from([0x01]))))],
      'it is not written as it must be: Cannot read boolean at byte 2: expected one byte, all ones or all zeros',
    ],
  ])('%s is not trusted', (_, extensions, reason) => {
    expect(judge({ extensions })).toBe(`untrusted: ${reason}`);
  });

  it('is not trusted by a signature over SHA-1', () => {
    expect(judge({ algorithm: ECDSA_SHA1, hash: 'sha1' })).toBe(
      'untrusted: its signature is made over MD2, MD5 or SHA-1',
    );
  });

  it('is not trusted where its signature or what is around it is spelled in another way', () => {
    const numbers = (signature: Buffer): readonly [Buffer, Buffer] => {
      const end = 4 + signature.readUInt8(3);
      return [signature.subarray(4, end), signature.subarray(end + 2)];
    };
    const longer = (signature: Buffer): Buffer => {
      const [r, s] = numbers(signature);
      return sequence(element(0x02, Buffer.from([0]), r), element(0x02, s));
    };
    const broken = 'untrusted: it is not written as it must be: Cannot read';
    expect(judge({ respell: (signature) => sequence(...numbers(signature).map(integer)) })).toBe('trusted by acme');
    expect(judge({ outerAlgorithm: ECDSA_SHA1 })).toContain(`${broken} certificate: it names two signature algorithms`);
    expect(judge({ unusedBits: 1 })).toContain(`${broken} signature of the certificate: expected whole bytes`);
    for (const respell of [
      longer,
      (signature: Buffer) => Buffer.concat([signature, Buffer.from([0])]),
      (signature: Buffer) => sequence(...numbers(signature).map(integer), integer(Buffer.from([1]))),
      (signature: Buffer) => sequence(element(0x02, numbers(signature)[0]), element(0x02)),
    ]) {
      expect(judge({ respell })).toContain(`${broken} signature of the certificate`);
    }
  });

  it('may have a key of a kind that is not known', () => {
    const spki = sequence(sequence(oid('2.16.840.1.101.3.4.3.99')), bitString(Buffer.alloc(64)));
    expect(judge({ spki })).toBe('trusted by acme');
  });

  it('is not trusted where what was read of it says otherwise than its bytes', () => {
    const [ca, der] = [
      certify(root, root, { extensions: OF_AUTHORITY }),
      certify(signer, root, { extensions: OF_LEAF }),
    ];
    const find = createChainFinder([{ name: 'acme', chain: [ca], validFrom: null, validTo: null }], null);
    const certificate = read(der);
    for (const differing of [
      { spki: first.spki },
      { notBefore: certificate.notBefore + 1 },
      { notAfter: certificate.notAfter - 1 },
      { codeSigning: false },
    ]) {
      expect(find(certificate, BEGIN).verdict).toBe('trusted');
      expect(find({ ...certificate, ...differing }, BEGIN).verdict).toBe('untrusted');
    }
  });

  it('finds its issuer by a name that means the same, and by no other', () => {
    const names = [
      nameOf(['2.5.4.3', 'ROOT']),
      nameOf(['2.5.4.3', '  root ']),
      nameOf(['2.5.4.3', element(0x13, Buffer.from('root'))]),
      nameOf(['2.5.4.3', element(0x1e, Buffer.from('\0r\0o\0o\0t', 'latin1'))]),
    ];
    for (const issuerName of names) {
      expect(judge({ issuerName })).toBe('trusted by acme');
    }
    for (const issuerName of [nameOf(['2.5.4.3', 'roots']), nameOf(['2.5.4.10', 'root']), nameOf()]) {
      expect(judge({ issuerName })).toBe('untrusted: no trusted authority has the name of its issuer');
    }
    expect(
      findBy(
        { chain: [certify(root, root, { extensions: OF_AUTHORITY })] },
        certify(signer, { ...first, name: root.name }, { extensions: OF_LEAF }),
      ),
    ).toBe('untrusted: its issuer has the name of a trusted authority, which did not sign it');
  });
});

describe('an authority', () => {
  it.each<readonly [string, readonly Buffer[]]>([
    ['without a key usage', [basicConstraints(true)]],
    ['for code', [...OF_AUTHORITY, extendedKeyUsage(CODE_SIGNING)]],
    ['for anything', [...OF_AUTHORITY, extendedKeyUsage(ANY_PURPOSE)]],
    ['with policies', [...OF_AUTHORITY, extension('2.5.29.32', true, sequence(sequence(oid('2.5.29.32.0'))))]],
  ])('%s may issue', (_, extensions) => {
    expect(judge({}, extensions)).toBe('trusted by acme');
  });

  it.each<readonly [string, readonly Buffer[], string]>([
    ['without basic constraints', [keyUsage(0x06)], 'it is no CA certificate'],
    ['that is none', [basicConstraints(false), keyUsage(0x06)], 'it is no CA certificate'],
    ['that is one and none', [...OF_AUTHORITY, basicConstraints(false)], 'it is no CA certificate'],
    [
      'for signatures only',
      [basicConstraints(true), keyUsage(0x80)],
      'its key usage does not allow to sign certificates',
    ],
    [
      'for servers',
      [...OF_AUTHORITY, extendedKeyUsage(SERVER_AUTH)],
      'its extended key usage does not allow code signing',
    ],
    ['that asks for something unknown', [...OF_AUTHORITY, UNKNOWN], 'its critical extension 1.2.3.4 is not known'],
    [
      'that asks for policies',
      [...OF_AUTHORITY, extension('2.5.29.36', true, sequence(element(0x80, Buffer.from([0]))))],
      'its critical extension 2.5.29.36 is not known',
    ],
    [
      'of a path length below zero',
      [extension('2.5.29.19', true, sequence(element(0x01, Buffer.from([0xff])), element(0x02, Buffer.from([0x80]))))],
      'Cannot read basic constraints: expected a path length from 0 to 2^31−1',
    ],
    [
      'with constraints that end before they begin',
      [
        ...OF_AUTHORITY,
        extension('2.5.29.30', true, sequence(element(0xa0, sequence(dns('a'), element(0x80, Buffer.from([1])))))),
      ],
      'Cannot read name constraints: expected names without a minimum or a maximum',
    ],
  ])('%s cannot be used', (_, extensions, reason) => {
    expect(() => judge({}, extensions)).toThrow(
      new SyntaxError(`Cannot use authority "acme": certificate 1 of 1: ${reason}`),
    );
  });

  it.each<readonly [string, readonly (number | undefined)[], string | null]>([
    ['no number', [undefined, undefined, undefined], null],
    ['as many as there are', [2, 1, 0], null],
    ['only what the root counts', [2, undefined, undefined], null],
    [
      'one too few by the root',
      [1, undefined, undefined],
      'certificate 1 of 3: those above it do not allow another intermediate',
    ],
    [
      'none by the root',
      [0, undefined, undefined],
      'certificate 2 of 3: those above it do not allow another intermediate',
    ],
    [
      'none by an intermediate',
      [undefined, 0, undefined],
      'certificate 1 of 3: those above it do not allow another intermediate',
    ],
    [
      'more below than above',
      [1, 5, undefined],
      'certificate 1 of 3: those above it do not allow another intermediate',
    ],
  ])('counts what follows it: %s', (_, [ofRoot, ofFirst, ofSecond], fault) => {
    const authority = (pathLength: number | undefined): readonly Buffer[] => [
      basicConstraints(true, pathLength),
      keyUsage(0x06),
    ];
    const chain = [
      certify(second, first, { extensions: authority(ofSecond) }),
      certify(first, root, { extensions: authority(ofFirst) }),
      certify(root, root, { extensions: authority(ofRoot) }),
    ] as const;
    const leaf = certify(signer, second, { extensions: OF_LEAF });
    if (fault === null) {
      expect(findBy({ chain }, leaf)).toBe('trusted by acme');
    } else {
      expect(() => findBy({ chain }, leaf)).toThrow(new SyntaxError(`Cannot use authority "acme": ${fault}`));
    }
  });

  it('does not count what it issued to itself under another key', () => {
    const renewed = { ...first, name: root.name };
    const chain = [
      certify(renewed, root, { extensions: OF_AUTHORITY }),
      certify(root, root, { extensions: [basicConstraints(true, 0), keyUsage(0x06)] }),
    ] as const;
    expect(findBy({ chain }, certify(signer, renewed, { extensions: OF_LEAF }))).toBe('trusted by acme');
  });

  it('lets every certificate of its chain issue, the root as well', () => {
    const chain = [
      certify(first, root, { extensions: OF_AUTHORITY }),
      certify(root, root, { extensions: OF_AUTHORITY }),
    ] as const;
    expect(findBy({ chain }, certify(signer, root, { extensions: OF_LEAF }))).toBe('trusted by acme');
    expect(findBy({ chain }, certify(signer, first, { extensions: OF_LEAF }))).toBe('trusted by acme');
  });
});

describe('name constraints', () => {
  const acme = nameOf(['2.5.4.10', 'acme']);
  const acmeUnit = nameOf(['2.5.4.10', 'ACME'], ['2.5.4.11', 'unit']);

  it.each<
    readonly [string, { permitted?: readonly Buffer[]; excluded?: readonly Buffer[] }, readonly Buffer[], string | null]
  >([
    ['of another form', { permitted: [dns('example.com')] }, [email('a@widget.example')], null],
    ['a mailbox', { permitted: [email('a@example.com')] }, [email('a@EXAMPLE.com')], null],
    ['another mailbox', { permitted: [email('a@example.com')] }, [email('b@example.com')], 'e-mail address'],
    ['a host', { permitted: [email('example.com')] }, [email('a@example.com')], null],
    ['below that host', { permitted: [email('example.com')] }, [email('a@b.example.com')], 'e-mail address'],
    ['a domain', { permitted: [email('.example.com')] }, [email('a@b.example.com')], null],
    ['that domain itself', { permitted: [email('.example.com')] }, [email('a@example.com')], 'e-mail address'],
    ['a name that ends alike', { permitted: [email('.example.com')] }, [email('a@badexample.com')], 'e-mail address'],
    [
      'two addresses in one',
      { permitted: [email('example.com')] },
      [email('a@evil.example@example.com')],
      'e-mail address',
    ],
    [
      'an address with a hidden end',
      { permitted: [email('example.com')] },
      [email('a@example.com\0.evil.example')],
      'e-mail address',
    ],
    ['one of several', { permitted: [email('example.com'), email('acme.example')] }, [email('a@acme.example')], null],
    [
      'every name',
      { permitted: [email('example.com')] },
      [email('a@example.com'), email('a@evil.example')],
      'e-mail address',
    ],
    ['what is excluded', { excluded: [email('example.com')] }, [email('a@example.com')], 'e-mail address'],
    ['what is not excluded', { excluded: [email('example.com')] }, [email('a@acme.example')], null],
    [
      'what is both',
      { permitted: [email('.example.com')], excluded: [email('b.example.com')] },
      [email('a@b.example.com')],
      'e-mail address',
    ],
    ['a DNS name', { permitted: [dns('example.com')] }, [dns('Example.com')], null],
    ['a DNS name below', { permitted: [dns('example.com')] }, [dns('a.b.example.com')], null],
    ['a DNS name that ends alike', { permitted: [dns('example.com')] }, [dns('badexample.com')], 'DNS name'],
    [
      'a DNS name with a star where some are excluded',
      { excluded: [dns('a.example.com')] },
      [dns('*.example.com')],
      'DNS name',
    ],
    ['any DNS name', { permitted: [dns('')] }, [dns('widget.example')], null],
    ['no DNS name', { excluded: [dns('')] }, [dns('widget.example')], 'DNS name'],
    ['the host of a URI', { permitted: [uri('example.com')] }, [uri('https://u@Example.com:8443/a?b')], null],
    ['the host of another scheme', { permitted: [uri('example.com')] }, [uri('spiffe://example.com/ns/a')], null],
    ['a host below', { permitted: [uri('example.com')] }, [uri('https://a.example.com/')], 'URI'],
    ['a domain of hosts', { permitted: [uri('.example.com')] }, [uri('https://a.example.com')], null],
    ['a host in disguise', { permitted: [uri('example.com')] }, [uri('https://evil.example\\@example.com/')], 'URI'],
    [
      'a user that looks like a host',
      { permitted: [uri('example.com')] },
      [uri('https://example.com@evil.example/')],
      'URI',
    ],
    ['a URI without a host', { excluded: [uri('example.com')] }, [uri('urn:example:a')], 'URI'],
    ['a URI with an address', { permitted: [uri('127.0.0.1')] }, [uri('https://127.0.0.1/')], 'URI'],
    ['an IP address', { permitted: [ip(10, 1, 0, 0, 255, 255, 0, 0)] }, [ip(10, 1, 2, 3)], null],
    ['an IP address beside', { permitted: [ip(10, 1, 0, 0, 255, 255, 0, 0)] }, [ip(10, 2, 2, 3)], 'IP address'],
    [
      'an IP address of another length',
      { permitted: [ip(10, 1, 0, 0, 255, 255, 0, 0)] },
      [ip(...Array.from({ length: 16 }, () => 10))],
      'IP address',
    ],
    ['a directory name', { permitted: [directory(acme)] }, [directory(acmeUnit)], null],
    ['a directory name above', { permitted: [directory(acmeUnit)] }, [directory(acme)], 'directory name'],
    [
      'a form that cannot be checked',
      { permitted: [otherName('1.2.3', 'x')] },
      [otherName('1.2.3', 'x')],
      'name of another form',
    ],
    [
      'excluded, and cannot be checked',
      { excluded: [otherName('1.2.3', 'x')] },
      [otherName('1.3.6.1.4.1.57264.1.7', 'a')],
      'name of another form',
    ],
    [
      'more than anybody has',
      { permitted: [dns('example.com')] },
      Array.from({ length: 1001 }, () => dns('example.com')),
      'DNS name',
    ],
  ])('allow, or do not allow, %s', (_, lists, names, refused) => {
    const leaf = { extensions: [...OF_LEAF.slice(0, 2), alternativeNames(...names)], subject: nameOf() };
    expect(judge(leaf, [...OF_AUTHORITY, nameConstraints(lists)])).toBe(
      refused === null
        ? 'trusted by acme'
        : `untrusted: the name constraints of its issuer do not allow its ${refused}`,
    );
  });

  it('are about the subject as well, and about the e-mail address in it where there is no alternative name', () => {
    const constrained = [...OF_AUTHORITY, nameConstraints({ permitted: [directory(acme), email('example.com')] })];
    const without = OF_LEAF.slice(0, 2);
    const EMAIL = '1.2.840.113549.1.9.1';
    expect(judge({ subject: acmeUnit }, constrained)).toBe('trusted by acme');
    expect(judge({ subject: nameOf(['2.5.4.10', 'evil']) }, constrained)).toMatch(/directory name$/);
    expect(
      judge({ subject: nameOf(['2.5.4.10', 'acme'], [EMAIL, 'a@evil.example']), extensions: without }, constrained),
    ).toMatch(/e-mail address$/);
    expect(
      judge({ subject: nameOf(['2.5.4.10', 'acme'], [EMAIL, 'a@example.com']), extensions: without }, constrained),
    ).toBe('trusted by acme');
  });

  it('hold for all that stands below, whatever is allowed there', () => {
    const chain = (ofRoot: Buffer, ofFirst: Buffer, name = first.name) =>
      [
        certify({ ...first, name }, root, { extensions: [...OF_AUTHORITY, ofFirst] }),
        certify(root, root, { extensions: [...OF_AUTHORITY, ofRoot] }),
      ] as const;
    const [narrow, wide] = [['example.com'], ['example.com', 'evil.example']].map((hosts) =>
      nameConstraints({ permitted: hosts.map(email) }),
    );
    const leaf = certify(signer, first, {
      extensions: [...OF_LEAF.slice(0, 2), alternativeNames(email('a@evil.example'))],
    });
    const only = (buffer: Buffer | undefined): Buffer => buffer ?? Buffer.alloc(0);
    expect(findBy({ chain: chain(only(wide), only(wide)) }, leaf)).toBe('trusted by acme');
    expect(findBy({ chain: chain(only(narrow), only(wide)) }, leaf)).toMatch(/e-mail address$/);
    expect(findBy({ chain: chain(only(wide), only(narrow)) }, leaf)).toMatch(/e-mail address$/);
    const directoryOnly = nameConstraints({ permitted: [directory(acme)] });
    expect(() => findBy({ chain: chain(directoryOnly, only(wide)) }, leaf)).toThrow(
      new SyntaxError(
        'Cannot use authority "acme": certificate 1 of 2: those above it do not allow its directory name',
      ),
    );
    expect(
      findBy(
        { chain: chain(directoryOnly, only(wide), acmeUnit) },
        certify(signer, { ...first, name: acmeUnit }, { extensions: OF_LEAF, subject: acmeUnit }),
      ),
    ).toBe('trusted by acme');
  });
});
