import { z } from 'zod';
import type { ArtifactsRule, BurstRule, Severity, Watch } from '../policy/watch.ts';
import type { Machine } from './machine.ts';
import { attestationPlace } from './schema-attestations.ts';
import { expectation, selectClaim, selector } from './schema-claims.ts';
import { duration, name, nonEmptyList, strict, text, uniqueTexts } from './schema-parts.ts';

export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const satisfies readonly Severity[];

/** Most entries that a burst may be defined by: so many are counted. */
const MAX_OVER = 10_000;

/** One item of `watches`, with all that it takes over from others. */
export function watchSchema(machine: Machine): z.ZodType<Watch> {
  const watch = strict({ ...headShape('Stands in every alert and finding.'), select, ...ruleShape(machine) });
  // What is missing may be taken over: an editor sees only what stands in the item itself.
  return watch
    .meta({ id: 'watch', required: ['name'], anyOf: [{ required: ['select'] }, { required: ['extends'] }] })
    .transform((given) => ({
      name: given.name,
      description: given.description ?? null,
      select: given.select,
      expect: given.expect ?? null,
      mode: given.mode,
      severity: given.severity,
      notify: given.notify ?? null,
      attestations: given.attestations ?? null,
      firstSeen: given.first_seen ?? [],
      burst: given.burst ?? null,
      cadenceMs: given.cadence ?? null,
      artifacts: given.artifacts ?? null,
    }));
}

/** One item of `templates`: what watches may extend. It watches nothing by itself, so that it need not select. */
export function templateSchema(machine: Machine): z.ZodType {
  const head = headShape('What watches extend it by.');
  return strict({ ...head, select: select.optional(), ...ruleShape(machine) }).meta({ id: 'template' });
}

const select = nonEmptyList(selector, 'a list of maps of claims').describe(
  'Which entries claim to be mine: OR between the items, AND inside one.',
);

function headShape(meaning: string) {
  return {
    name: name.describe(meaning),
    description: text.optional().describe('For people.'),
    extends: z
      .string('expected the name of a watch or template')
      .optional()
      .describe(
        'Name of a watch or template of which every key is taken over that does not stand here; claims of expect and keys of artifacts one by one.',
      ),
  };
}

function ruleShape(machine: Machine) {
  return {
    expect: z
      .union([z.literal('none'), expectation], { error: 'expected a map of claims, or none' })
      .optional()
      .describe('What must then hold, all of it. none: nothing may ever sign here. Absent: only observe.'),
    mode: z.enum(['enforce', 'audit']).default('enforce').describe('audit: record, never alert.'),
    severity: z.enum(SEVERITIES).default('high').describe('Of the alerts.'),
    notify: nonEmptyList(z.string(), 'names of channels').optional().describe('Channels instead of the routes.'),
    attestations: attestationPlace(machine)
      .optional()
      .describe('Where attestations lie that the log does not hold. Absent: nowhere else is asked.'),
    first_seen: firstSeen
      .optional()
      .describe('Tell when one of these claims takes a value that this watch has never seen.'),
    burst: burstRule.optional().describe('Tell when more than `over` entries fall in one window of the length `per`.'),
    cadence: duration('1m', '3650d')
      .optional()
      .describe('Tell (`missing`) when no expected entry was seen for so long.'),
    artifacts: artifactsRule.optional().describe('What is told of the artifacts that expected signers signed.'),
  };
}

const firstSeen = uniqueTexts(nonEmptyList(selectClaim, 'names of claims'));

const OVER_FORM = `expected auto, or a whole number from 1 to ${MAX_OVER}`;

const burstRule: z.ZodType<BurstRule> = strict({
  per: duration('1s', '30d').describe('Length of the window.'),
  over: z
    .union([z.literal('auto'), z.int().min(1, OVER_FORM).max(MAX_OVER, OVER_FORM)], { error: OVER_FORM })
    .describe("A number of entries; auto: by this watch's own history."),
}).transform(({ per, over }) => ({ perMs: per, over }));

const artifactsRule: z.ZodType<ArtifactsRule> = strict({
  follow: z
    .boolean()
    .default(false)
    .describe('true: each digest that an expected signer signed is watched, and anyone else who signs it is told.'),
  allow: z.array(selector).default([]).describe('Who else may sign them: OR between the items, AND inside one.'),
});
