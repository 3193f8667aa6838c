import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseTrustedRoot } from '../../src/trust/trusted-root.ts';
import { createFindWrongs, type FindWrongs } from '../support/entry-findings.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

const CONFORMANCE = 'bundles/sigstore__sigstore-conformance';
const VERIFIER = 'bundles/slsa-framework__slsa-verifier';

/** Whose authorities and logs are trusted. */
const TRUST = {
  'public-good': 'trust/sigstore__root-signing/targets/trusted_root.json',
  staging: 'trust/sigstore__root-signing-staging/targets/trusted_root.json',
  conformance:
    'trust/sigstore__sigstore-conformance/test/assets/bundle-verify/intoto-expired-certificate_fail/trusted_root.json',
} as const;

/** After all that was recorded but what is dated later on purpose. */
const NOW = new Date('2026-11-22');

const NO_PROOF = 'proof: none';
const WRONG_HASHES = 'proof: its hashes do not lead to the root that the log signed';
/** Of a payload that is not the one that was logged nothing is believed, and no signature is said to be wrong for it. */
const ANOTHER_PAYLOAD = ['signature: not-checkable', 'attestation: mismatch'];

/** A file that was made to be refused, by what it is to be judged, what is wrong with it, and what of that is found in each of its entries. */
type KnownBad = readonly [
  file: string,
  trust: keyof typeof TRUST,
  why: string,
  findings: readonly (readonly string[])[],
];

const KNOWN_BAD: readonly KnownBad[] = [
  // The entry itself cannot be read.
  [
    inConformance('bundle-empty-certificate-chain'),
    'public-good',
    'its body has no content at all',
    [
      [
        'unparsable: Cannot read entry.spec: found nothing, expected an object',
        'proof: no checkpoint, and not even to its own root',
      ],
    ],
  ],
  [
    inConformance('bundle-invalid-base64-signature'),
    'public-good',
    'the PEM in its body is cut',
    [['unparsable: Cannot read PEM block: it is not padded standard base64', WRONG_HASHES]],
  ],
  [
    inConformance('bundle-negative-log-index'),
    'public-good',
    'its body names no kind; the index below zero stands beside it',
    [['unparsable: Cannot read kind: expected a text of at most 64 characters', NO_PROOF]],
  ],
  [
    inConformance('bundle-unknown-version'),
    'public-good',
    'its body names no kind; the version stands around it',
    [['unparsable: Cannot read kind: expected a text of at most 64 characters', NO_PROOF]],
  ],
  // The entry says what is not so.
  [
    inConformance('incorrect-public-key'),
    'public-good',
    'the certificate in its body has another key than Fulcio signed, so nothing holds any more',
    [
      [
        'signature: invalid',
        'chain: untrusted, its issuer has the name of a trusted authority, which did not sign it',
        'signing_time: unknown',
        'sct: invalid',
        WRONG_HASHES,
        'beside it: another certificate',
      ],
    ],
  ],
  [
    inConformance('intoto-log-entry-mismatch'),
    'conformance',
    'the log took a signature that is none of this payload',
    [['signature: invalid', 'beside it: another signature']],
  ],
  [
    inConformance('bundle-from-wrong-instance'),
    'public-good',
    'it is of the staging instance: nobody here trusts its authority or its log',
    [
      [
        'chain: untrusted, its issuer has the name of a trusted authority, which did not sign it',
        'signing_time: unknown',
        'sct: unknown-log',
        'proof: no key of the log is known',
      ],
    ],
  ],
  // The time at which the log took it.
  [
    inConformance('integrated-time-in-future'),
    'public-good',
    'it was logged six minutes after its certificate ended',
    [['signing_time: outside']],
  ],
  [
    inConformance('intoto-expired-certificate'),
    'conformance',
    'it was logged years before its certificate begins, in 2030',
    [['chain: untrusted, it begins more than five minutes from now', 'signing_time: outside']],
  ],
  [
    inConformance('intoto-set-outside-signing-cert-validity'),
    'conformance',
    'it was logged a day after its certificate ended',
    [['signing_time: outside']],
  ],
  [inConformance('set-invalid-signature'), 'public-good', 'the log did not sign its time', [['signing_time: unknown']]],
  [
    `${VERIFIER}/verifiers/internal/gha/testdata/bundle/invalid-set.intoto.sigstore`,
    'public-good',
    'the log did not sign its time',
    [['signing_time: unknown', NO_PROOF]],
  ],
  [
    `${VERIFIER}/verifiers/internal/gha/testdata/bundle/invalid-dsse-sig.intoto.sigstore`,
    'public-good',
    'the log signed another spelling of this body; what was changed of the signature are bits of base64 that stand for nothing',
    [['signing_time: unknown', NO_PROOF]],
  ],
  [
    'systems/aks/notaryproject__ratify/bundle-13452680-NEGATIVE.json',
    'public-good',
    'the promise of the log was cut',
    [['signing_time: unknown']],
  ],
  [
    'systems/aks/notaryproject__ratify/bundle-13452680-NEGATIVE.body.json',
    'public-good',
    'the body of the one before, by itself: the log promised nothing',
    [['signing_time: unknown']],
  ],
  // The proof beside it.
  [
    inConformance('checkpoint-bad-keyhint'),
    'public-good',
    'its checkpoint names another key',
    [
      [
        'proof: Cannot believe the checkpoint of "rekor.sigstore.dev - 2605736670972794746": signed by "rekor.sigstore.dev" (c4d23d6a), expected a valid signature by "rekor.sigstore.dev" (c0d23d6a)',
      ],
    ],
  ],
  [
    inConformance('checkpoint-wrong-roothash'),
    'public-good',
    'its checkpoint is that of another tree',
    [[WRONG_HASHES]],
  ],
  [inConformance('inclusion-proof-corrupted-hash'), 'public-good', 'a hash of it was changed', [[WRONG_HASHES]]],
  [
    inConformance('invalid-checkpoint-signature'),
    'public-good',
    'its checkpoint was changed',
    [
      [
        'proof: Cannot believe the checkpoint of "rekor.sigstore.dev - 2605736670972794746": what stands there as signed by "rekor.sigstore.dev" (c0d23d6a) does not verify, expected a valid signature',
      ],
    ],
  ],
  [
    inConformance('invalid-inclusion-proof'),
    'public-good',
    'its hashes lead nowhere, and no checkpoint says where to',
    [['proof: no checkpoint, and not even to its own root']],
  ],
  [inConformance('intoto-missing-inclusion-proof'), 'conformance', 'there is none', [[NO_PROOF]]],
  [inConformance('rekor2-no-inclusion-proof'), 'staging', 'there is none', [[NO_PROOF]]],
  [
    inConformance('rekor2-checkpoint-missing-log-signature'),
    'staging',
    'nobody signed its checkpoint',
    [
      [
        'proof: Cannot open the checkpoint of "log2025-alpha1.rekor.sigstage.dev": Cannot parse signed note: expected one or more signature lines, each ended by a newline',
      ],
    ],
  ],
  [
    inConformance('rekor2-checkpoint-missing-origin'),
    'staging',
    'its checkpoint begins with a number instead of an origin',
    [['proof: no key of the log is known']],
  ],
  [
    inConformance('rekor2-checkpoint-missing-root-hash'),
    'staging',
    'its checkpoint was signed with a root',
    [
      [
        'proof: Cannot believe the checkpoint of "log2025-alpha1.rekor.sigstage.dev": what stands there as signed by "log2025-alpha1.rekor.sigstage.dev" (f30d5a99) does not verify, expected a valid signature',
      ],
    ],
  ],
  [
    inConformance('rekor2-checkpoint-missing-size'),
    'staging',
    'its checkpoint was signed with a size',
    [
      [
        'proof: Cannot believe the checkpoint of "log2025-alpha1.rekor.sigstage.dev": what stands there as signed by "log2025-alpha1.rekor.sigstage.dev" (f30d5a99) does not verify, expected a valid signature',
      ],
    ],
  ],
  [
    inConformance('rekor2-checkpoint-no-matching-signature'),
    'staging',
    'its checkpoint is of a log that nobody knows',
    [['proof: no key of the log is known']],
  ],
  // The payload beside it is not what was logged.
  [
    inConformance('dsse-mismatch-envelope'),
    'public-good',
    'the envelope is another',
    [[...ANOTHER_PAYLOAD, 'beside it: another signature']],
  ],
  [
    inConformance('rekor2-dsse-mismatch-envelope'),
    'staging',
    'the envelope is another; what the log took holds by itself',
    [['attestation: mismatch', 'beside it: another signature']],
  ],
  [
    `${VERIFIER}/verifiers/internal/gha/testdata/bundle/mismatch-tlog.intoto.sigstore`,
    'public-good',
    'the entry is that of another bundle',
    [[...ANOTHER_PAYLOAD, NO_PROOF, 'beside it: another certificate', 'beside it: another signature']],
  ],
  [
    `${VERIFIER}/cli/slsa-verifier/testdata/npm/gha/gundam-visor-cli-v1-tag-invalidsigprov.tgz.json`,
    'public-good',
    'provenance changed after it was signed',
    [[], [...ANOTHER_PAYLOAD]],
  ],
  [
    `${VERIFIER}/cli/slsa-verifier/testdata/npm/gha/gundam-visor-cli-v1-tag-invalidsigpub.tgz.json`,
    'public-good',
    'publish attestation changed after it was signed',
    [[...ANOTHER_PAYLOAD], []],
  ],
  [
    `${VERIFIER}/cli/slsa-verifier/testdata/npm/gha/provenance-npm-test-cli-v1-prega-invalidsigprov.tgz.json`,
    'public-good',
    'provenance changed after it was signed',
    [[], [...ANOTHER_PAYLOAD]],
  ],
  [
    `${VERIFIER}/cli/slsa-verifier/testdata/npm/gha/provenance-npm-test-cli-v1-prega-invalidsigpub.tgz.json`,
    'public-good',
    'publish attestation changed after it was signed',
    [[...ANOTHER_PAYLOAD], []],
  ],
  [
    `${VERIFIER}/cli/slsa-verifier/testdata/npm/gha/provenance-npm-test-cli-v02-prega-invalidsigprov.tgz.json`,
    'public-good',
    'provenance changed after it was signed',
    [[NO_PROOF], [...ANOTHER_PAYLOAD, NO_PROOF]],
  ],
  [
    `${VERIFIER}/cli/slsa-verifier/testdata/npm/gha/provenance-npm-test-cli-v02-prega-invalidsigpub.tgz.json`,
    'public-good',
    'publish attestation changed after it was signed',
    [[...ANOTHER_PAYLOAD, NO_PROOF], [NO_PROOF]],
  ],
  [
    `${VERIFIER}/cli/slsa-verifier/testdata/npm/gha/provenance-npm-test-ossf-invalidsigprov.tgz.json`,
    'public-good',
    'provenance changed after it was signed',
    [[NO_PROOF], [...ANOTHER_PAYLOAD, NO_PROOF]],
  ],
  [
    `${VERIFIER}/cli/slsa-verifier/testdata/npm/gha/provenance-npm-test-ossf-invalidsigpub.tgz.json`,
    'public-good',
    'publish attestation changed after it was signed',
    [[...ANOTHER_PAYLOAD, NO_PROOF], [NO_PROOF]],
  ],
  [
    `${VERIFIER}/cli/slsa-verifier/testdata/npm/gha/supreme-googles-cli-v02-tag-invalidsigprov.tgz.json`,
    'public-good',
    'provenance changed after it was signed',
    [[NO_PROOF], [...ANOTHER_PAYLOAD, NO_PROOF]],
  ],
  [
    `${VERIFIER}/cli/slsa-verifier/testdata/npm/gha/supreme-googles-cli-v02-tag-invalidsigpub.tgz.json`,
    'public-good',
    'publish attestation changed after it was signed',
    [[...ANOTHER_PAYLOAD, NO_PROOF], [NO_PROOF]],
  ],
  [
    `${VERIFIER}/verifiers/internal/gha/testdata/npm-att-prov-invalid-signature.intoto.sigstore`,
    'public-good',
    'provenance changed after it was signed',
    [[...ANOTHER_PAYLOAD, NO_PROOF], [NO_PROOF]],
  ],
  [
    `${VERIFIER}/verifiers/internal/gha/testdata/npm-att-publish-invalid-signature.intoto.sigstore`,
    'public-good',
    'publish attestation changed after it was signed',
    [[NO_PROOF], [...ANOTHER_PAYLOAD, NO_PROOF]],
  ],
  [
    `${VERIFIER}/verifiers/internal/gha/testdata/npm-stmt-mismatch-prov-predicatetype.intoto.sigstore`,
    'public-good',
    'the predicate type of the provenance was changed after it was signed',
    [[...ANOTHER_PAYLOAD, NO_PROOF], [NO_PROOF]],
  ],
  [
    `${VERIFIER}/verifiers/internal/gha/testdata/npm-stmt-mismatch-prov-type.intoto.sigstore`,
    'public-good',
    'the type of the provenance was changed after it was signed',
    [[...ANOTHER_PAYLOAD, NO_PROOF], [NO_PROOF]],
  ],
  [
    `${VERIFIER}/verifiers/internal/gha/testdata/npm-stmt-mismatch-pub-predicatetype.intoto.sigstore`,
    'public-good',
    'the predicate type of the publish attestation was changed after it was signed',
    [[NO_PROOF], [...ANOTHER_PAYLOAD, NO_PROOF]],
  ],
  [
    `${VERIFIER}/verifiers/internal/gha/testdata/npm-stmt-mismatch-pub-type.intoto.sigstore`,
    'public-good',
    'the type of the publish attestation was changed after it was signed',
    [[NO_PROOF], [...ANOTHER_PAYLOAD, NO_PROOF]],
  ],
  // The entry is right, and what stands beside it is not: no log holds that, so that it says nothing about who signed.
  [
    inConformance('dsse-invalid-sig'),
    'public-good',
    'the signature in the envelope is broken',
    [['beside it: another signature']],
  ],
  [
    inConformance('dsse-mismatch-sig'),
    'public-good',
    'the envelope was signed again',
    [['beside it: another signature']],
  ],
  [
    inConformance('rekor2-dsse-invalid-sig'),
    'staging',
    'the signature in the envelope is broken',
    [['beside it: another signature']],
  ],
  [
    inConformance('rekor2-dsse-mismatch-sig'),
    'staging',
    'the envelope was signed again',
    [['beside it: another signature']],
  ],
  [
    inConformance('signature-mismatch'),
    'public-good',
    'the bundle has another signature of the same artifact',
    [['beside it: another signature']],
  ],
  [
    inConformance('message-digest-mismatch'),
    'public-good',
    'the bundle names another artifact',
    [['beside it: another digest']],
  ],
  [
    `${CONFORMANCE}/git-history/63a47b2a62-a.txt.invalid_digest.sigstore`,
    'public-good',
    'the bundle names another artifact',
    [['proof: no checkpoint', 'beside it: another digest']],
  ],
  [
    inConformance('wrong-hashedrekord-artifact'),
    'public-good',
    'the entry is one of the same signer for another artifact',
    [['beside it: another signature', 'beside it: another digest']],
  ],
  [
    inConformance('wrong-hashedrekord-cert-and-sig'),
    'public-good',
    'the entry is one of another signer for the same artifact',
    [['beside it: another certificate', 'beside it: another signature']],
  ],
  [
    inConformance('wrong-hashedrekord-entry'),
    'public-good',
    'the entry is one of another signer for another artifact',
    [['beside it: another certificate', 'beside it: another signature', 'beside it: another digest']],
  ],
  [
    `${VERIFIER}/verifiers/internal/gha/testdata/npm-att-mismatch-prov-payloadtype.intoto.sigstore`,
    'public-good',
    'the envelope of the provenance says another payload type than was signed',
    [[NO_PROOF, 'beside it: another payload type'], [NO_PROOF]],
  ],
  [
    `${VERIFIER}/verifiers/internal/gha/testdata/npm-att-mismatch-prov-predicatetype.intoto.sigstore`,
    'public-good',
    'what npm wrote around the provenance names another predicate type',
    [[NO_PROOF, 'beside it: another predicate type'], [NO_PROOF]],
  ],
  [
    `${VERIFIER}/verifiers/internal/gha/testdata/npm-att-mismatch-pub-predicatetype.intoto.sigstore`,
    'public-good',
    'what npm wrote around the publish attestation names another predicate type',
    [[NO_PROOF], [NO_PROOF, 'beside it: another predicate type']],
  ],
  // The entry is right, and so is all that is looked at here; what is wrong is a matter of bundles.
  [
    inConformance('bundle-with-root-cert'),
    'public-good',
    'the bundle brings a root certificate of its own, which is never looked at',
    [['proof: no checkpoint']],
  ],
  [
    'bundles/sigstore__sigstore-python/test/assets/bundle_invalid_version.txt.sigstore',
    'staging',
    'the bundle says it is of a version that does not exist',
    [[]],
  ],
  [
    inConformance('intoto-tsa-timestamp-outside-cert-validity'),
    'conformance',
    'its time-stamp is too late: no log holds time-stamps',
    [[]],
  ],
  [inConformance('rekor2-no-timestamp'), 'staging', 'it has no time-stamp', [[]]],
  [
    inConformance('rekor2-timestamp-outside-tsa-cert-validity'),
    'staging',
    'its time-stamp was made when the authority had no valid certificate',
    [[]],
  ],
  [inConformance('rekor2-timestamp-payload-mismatch'), 'staging', 'its time-stamp is of another signature', [[]]],
  [
    inConformance('rekor2-timestamp-untrusted-tsa-with-embedded-cert'),
    'staging',
    'its time-stamp is by an authority that nobody trusts',
    [[]],
  ],
  [
    inConformance('rekor2-timestamp-untrusted-tsa-without-embedded-cert'),
    'staging',
    'its time-stamp is by an authority that nobody trusts',
    [[]],
  ],
  [
    inConformance('rekor2-timestamp-with-incorrect-time'),
    'staging',
    'its time-stamp says another time than was signed',
    [[]],
  ],
];

describe.runIf(hasRealdata)('every file of the real data that was made to be refused', () => {
  const listed = hasRealdata ? listNegatives() : [];

  it('is in the table, and nothing else is', () => {
    expect(KNOWN_BAD.map(([file]) => file).sort()).toEqual([...listed].sort());
  });

  it('is refused for what is wrong with it, or is an entry with nothing wrong and a bundle with something', () => {
    const prepared = new Map<string, FindWrongs>();
    const found = KNOWN_BAD.map(([file, trust, why]) => {
      const findWrongs = prepared.get(trust) ?? prepare(TRUST[trust]);
      prepared.set(trust, findWrongs);
      return [file, trust, why, findWrongs(readFileSync(realdata(file), 'utf8'))];
    });
    expect(found).toEqual(KNOWN_BAD);
    console.info(`conformance: ${found.length} of ${listed.length} known bad files agree (with what was read by hand)`);
  });
});

function prepare(trustedRoot: string): FindWrongs {
  return createFindWrongs(parseTrustedRoot(readFileSync(realdata(trustedRoot), 'utf8')), NOW);
}

/** The rows of all indexes of the real data that say so, relative to it. */
function listNegatives(): readonly string[] {
  const folders = ['', ...readdirSync(realdata('systems')).map((system) => `systems/${system}/`)];
  const indexed = folders.filter((folder) => existsSync(realdata(`${folder}INDEX.tsv`)));
  return indexed.flatMap((folder) => {
    const rows = readFileSync(realdata(`${folder}INDEX.tsv`), 'utf8').split('\n');
    return rows.filter((row) => row.includes('NEGATIVE')).map((row) => folder + (row.split('\t')[0] ?? ''));
  });
}

function inConformance(name: string): string {
  return `${CONFORMANCE}/test/assets/bundle-verify/${name}_fail/bundle.sigstore.json`;
}
