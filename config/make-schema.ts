import { writeFileSync } from 'node:fs';
import { configJsonSchema } from '../src/config/json-schema.ts';

/** Writes config/sigwatch.schema.json: `npx tsx config/make-schema.ts`. */
const target = new URL('sigwatch.schema.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
