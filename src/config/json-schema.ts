import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The JSON Schema of a configuration, for editors: made from the shape that the loader checks. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  // Making the schema reads nothing: only a configuration that is checked touches the machine.
  const untouched = (): never => {
    throw new Error('a JSON Schema is made without the machine');
  };
  const shape = configSchema({ env: {}, resolve: untouched, readFile: untouched });
  return { title: 'sigwatch configuration', ...z.toJSONSchema(shape, { io: 'input' }) };
}
