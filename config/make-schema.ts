import { writeFileSync } from 'node:fs';
import { configJsonSchema, watchFileJsonSchema } from '../src/config/json-schema.ts';

/** Writes config/sigwatch.schema.json and config/sigwatch-watches.schema.json: `npm run schema`. */
const schemas = {
  'sigwatch.schema.json': configJsonSchema(),
  'sigwatch-watches.schema.json': watchFileJsonSchema(),
};
for (const [name, schema] of Object.entries(schemas)) {
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
}
