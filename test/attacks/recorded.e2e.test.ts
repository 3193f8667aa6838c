import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_SCT } from '../support/examples.ts';
import { Operator, SILENT, type Told } from '../support/operator.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { serveRecordedSystem, type RecordedSystem, type ServedSystem } from '../support/recorded-system.ts';

// Rows 16 and 17 of what must be caught, by the examples that come with the program, on entries that real servers took: each release in
// silence, and each attack once, however many logs hold it. Rows 1, 6, 7, 8, 11 and 12 are among them. Which entry is which
// stands in test/real/examples.test.ts.

const FLUX: RecordedSystem = { system: 'flux', example: 'flux', names: [NO_SCT], v1: 18, v2: 8 };

const TEKTON: RecordedSystem = {
  system: 'tekton',
  example: 'tekton-chains',
  names: [
    NO_SCT,
    ['./attestations', realdata('systems/tekton/recorded/v1/submitted')],
    [
      '5f3c6f1e0c8b8a4f7d4f0a4cf6a2a7f3c0b1d2e3f405162738495a6b7c8d9e0f',
      '7ccdb7d5b19e6ad13cc17819fb3e811f7d635ed66e8273013068fd2cf71cff4f',
    ],
    [
      'https://container.googleapis.com/v1/projects/acme-build/locations/europe-west1/clusters/build',
      'https://kubernetes.default.svc.cluster.local',
    ],
    ['spire.acme.example', 'spire.example.org'],
    ['spiffe://acme.example', 'spiffe://example.org'],
    ['acme-build.iam', 'example-project.iam'],
  ],
  v1: 22,
  v2: 7,
};

/** What must be told of them, and how often each was seen where it was more than once. */
const FLUX_TOLD: readonly (readonly [alert: string, times?: number])[] = [
  // A release candidate, by hand and from the default branch: no certificate tells it from a misuse.
  ['critical unexpected flux-controllers source_ref,trigger,workflow'],
  // A stranger's builder, and the generator at a branch.
  ['critical unexpected flux2-release builder', 2],
  ['critical unexpected flux2-release builder'],
  // Of before 2023, when certificates said little.
  ['critical unexpected flux2-release builder,runner,source_owner_id,source_ref,trigger,workflow'],
  // The release workflow at a branch.
  ['critical unexpected flux2-release builder,source_ref,trigger,workflow', 2],
  ['critical unexpected flux2-release builder,source_ref,workflow'],
  ['critical unexpected flux2-release runner'],
  ['critical unexpected flux2-release source_owner_id'],
  ['low artifact-resigned flux2-release', 2],
  ['low forged flux2-release', 2],
  ['low unexpected flux2-lookalike', 2],
  ['low unexpected flux2-lookalike'],
];

const TEKTON_TOLD: typeof FLUX_TOLD = [
  // The builder that the attestation names.
  ['critical unexpected chains-builder slsa_builder'],
  ['critical unexpected chains-google issuer'],
  ['critical unexpected chains-k8s issuer', 2],
  // Two accounts, each of another namespace.
  ['critical unexpected chains-k8s subject'],
  ['critical unexpected chains-k8s subject'],
  ['critical unexpected chains-spiffe issuer'],
  ['low artifact-resigned chains-key', 2],
  ['low forged chains-k8s', 2],
];

function due(rows: typeof FLUX_TOLD): Told {
  const news = rows.map(([alert]) => alert).sort();
  const alerts = rows.map(([alert, times]) => (times === undefined ? alert : `${alert} x${times}`)).sort();
  return { exit: 1, alerts, slack: news, mail: news };
}

describe.runIf(hasRealdata)('the recorded logs', () => {
  let operator: Operator;
  let served: ServedSystem;

  beforeEach(async () => {
    operator = await Operator.start();
  });

  afterEach(async () => {
    await served.close();
    await operator.close();
  });

  it('of Flux: releases by its workflow and by generators are silent, and who signs otherwise is told', async () => {
    served = await serveRecordedSystem(operator, FLUX);
    served.show(5, 2);
    // Image, checksums, both provenances of v2.7.5, and one of 2023.
    expect(await operator.run()).toEqual(SILENT);
    expect(await operator.verdicts('flux2-release')).toHaveLength(6);

    served.show();
    expect(await operator.run()).toEqual(due(FLUX_TOLD));
    expect(await operator.run()).toEqual({ ...due(FLUX_TOLD), exit: 0, slack: [], mail: [] });
  });

  it('of Tekton Chains: what the cluster signs is silent, and another builder, cluster, account or key is told', async () => {
    served = await serveRecordedSystem(operator, TEKTON);
    served.show(5, 2);
    expect(await operator.run()).toEqual(SILENT);
    // Of each of the first five the builder is known by its attestation.
    expect(await operator.verdicts('chains-builder')).toEqual(
      [0, 1, 2, 3, 4].map((index) => `${index} chains-builder expected`),
    );

    served.show();
    expect(await operator.run()).toEqual(due(TEKTON_TOLD));
    expect(await operator.run()).toEqual({ ...due(TEKTON_TOLD), exit: 0, slack: [], mail: [] });
  });

  it('of Tekton Chains: an attestation that was exchanged is not believed', async () => {
    served = await serveRecordedSystem(operator, TEKTON);
    served.exchange();
    const mismatch = 'critical entry-mismatch rekor.peers.test - 9176649487941610700';
    expect(await operator.run()).toEqual(due([[mismatch], ...TEKTON_TOLD]));
    // By the copy that the folder has, not by the one that the log serves.
    expect((await operator.verdicts('chains-builder')).at(-1)).toBe('21 chains-builder expected');
  });
});
