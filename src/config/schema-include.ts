import { z } from 'zod';
import type { Machine } from './machine.ts';
import { nonEmptyList, strict, uniqueTexts } from './schema-parts.ts';
import { templateSchema, watchSchema } from './schema-watch.ts';

/** Most files that one configuration may include. */
export const MAX_INCLUDED = 1000;

/** A path in which `*` may stand, and never twice in a row. */
export const INCLUDE_ITEM = /^(?:[^*]|\*(?!\*))+$/;

/** The section `include`: which files are read is found out before the shape of the whole is looked at. */
export const includeSchema = uniqueTexts(
  nonEmptyList(
    z
      .string()
      .regex(INCLUDE_ITEM, 'expected the path of a file, in which * may stand for any run of characters but "/"'),
    'paths of files',
  ).meta({ maxItems: MAX_INCLUDED }),
);

/** A file that is included, around items of these shapes. */
export function watchFileShape<W extends z.ZodType, T extends z.ZodType>(watch: W, template: T) {
  return strict({
    version: z.literal(1).optional().describe('The version of this format, as in the main file.'),
    templates: z.array(template).optional().describe('What watches of any file may extend.'),
    watches: z.array(watch).optional().describe('Watches, as in the main file.'),
  });
}

/** A file that is included. */
export function watchFileSchema(machine: Machine): z.ZodType {
  return watchFileShape(watchSchema(machine), templateSchema(machine));
}
