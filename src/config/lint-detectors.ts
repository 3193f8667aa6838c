import type { Watch } from '../policy/watch.ts';
import { quote, type KeyPath } from './key-path.ts';
import { isAboutCertificates } from './lint-policy.ts';
import type { Hint } from './lint.ts';

const HOUR_MS = 3_600_000;

/** Claims that are others for every commit, run or artifact. */
const CHANGING: ReadonlySet<string> = new Set([
  ...['run', 'source_digest', 'builder_digest', 'workflow_digest', 'artifact', 'source_sha'],
]);

/** Detectors of a watch that would never speak, or always. */
export function lintDetectors(watch: Watch, path: KeyPath, pollIntervalMs: number): readonly Hint[] {
  return [
    ...lintFirstSeen(watch, path),
    ...lintBurst(watch, path),
    ...lintCadence(watch, path, pollIntervalMs),
    ...lintArtifacts(watch, path),
    ...lintAudit(watch, path),
  ];
}

function lintFirstSeen({ firstSeen, select }: Watch, path: KeyPath): readonly Hint[] {
  const isKeyless = select.every(isAboutCertificates);
  return firstSeen.flatMap((claim, index) =>
    CHANGING.has(claim) || (claim === 'key' && isKeyless)
      ? [
          {
            rule: 'noisy-first-seen',
            path: [...path, 'first_seen', index],
            message: `${quote(claim)} is another one each time: every signature would be told; leave it out`,
          },
        ]
      : [],
  );
}

function lintBurst({ burst }: Watch, path: KeyPath): readonly Hint[] {
  const message =
    'a release often makes several entries at once (artifacts, SBOM, provenance): the second would be a burst; take more than one release makes, or auto';
  return burst?.over === 1 ? [{ rule: 'low-burst', path: [...path, 'burst', 'over'], message }] : [];
}

function lintCadence({ cadenceMs, expect }: Watch, path: KeyPath, pollIntervalMs: number): readonly Hint[] {
  const at = [...path, 'cadence'];
  if (cadenceMs === null) {
    return [];
  }
  if (expect === 'none') {
    const message =
      'with "expect: none" nothing is ever expected: something would always be missing; leave cadence out';
    return [{ rule: 'contradiction', path: at, message }];
  }
  if (cadenceMs <= pollIntervalMs) {
    const message = 'the logs are asked no more often than that (logs.poll_interval): take longer';
    return [{ rule: 'short-cadence', path: at, message }];
  }
  const message =
    'so short a silence is usual, and every one is told: take the longest time between two releases, such as 30d';
  return cadenceMs < HOUR_MS ? [{ rule: 'short-cadence', path: at, message }] : [];
}

function lintArtifacts({ artifacts, expect }: Watch, path: KeyPath): readonly Hint[] {
  const at = [...path, 'artifacts'];
  if (artifacts === null) {
    return [];
  }
  if (!artifacts.follow) {
    const message = 'nothing is followed, so there is nobody to allow: add "follow: true"';
    return artifacts.allow.length > 0 ? [{ rule: 'unused-allow', path: [...at, 'allow'], message }] : [];
  }
  const message =
    'only what expected signers sign is followed, and without an expect that can hold there are none: say what must hold';
  return expect === null || expect === 'none' ? [{ rule: 'follows-nothing', path: [...at, 'follow'], message }] : [];
}

function lintAudit({ mode, notify }: Watch, path: KeyPath): readonly Hint[] {
  const message = 'in mode audit nobody is told: these channels get nothing; leave notify out, or take mode enforce';
  return mode === 'audit' && notify !== null ? [{ rule: 'unused-notify', path: [...path, 'notify'], message }] : [];
}
