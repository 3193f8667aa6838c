import { z } from 'zod';
import type { Machine } from './machine.ts';
import { watchFileSchema } from './schema-include.ts';
import { configSchema } from './schema.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of a configuration, for editors: made from the shape that the loader checks. */
export function configJsonSchema(): JsonSchema {
  return { title: 'sigwatch configuration', ...toJson(configSchema(NO_MACHINE)) };
}

/** The JSON Schema of a file that a configuration includes. */
export function watchFileJsonSchema(): JsonSchema {
  return { title: 'sigwatch watches', ...toJson(watchFileSchema(NO_MACHINE)) };
}

/** In draft-07, which every editor reads. */
function toJson(shape: z.ZodType): JsonSchema {
  return z.toJSONSchema(shape, { io: 'input', target: 'draft-7' });
}

function untouched(): never {
  throw new Error('a JSON Schema is made without the machine');
}

/** Making the schema reads nothing: only a configuration that is checked touches the machine. */
const NO_MACHINE: Machine = { env: {}, resolve: untouched, readFile: untouched };
