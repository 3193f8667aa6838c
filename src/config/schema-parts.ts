import { z } from 'zod';
import { DURATION_FORM, parseDuration } from './duration.ts';
import { durationPattern } from './duration-pattern.ts';
import { HTTP_URL_FORM, parseHttpUrl, parseSecretUrl } from './http-url.ts';
import { quote } from './key-path.ts';
import type { Machine } from './machine.ts';
import { secretFromEnvironment, secretFromFile, secretFromLiteral } from './secrets.ts';

/** Names of watches, channels, logs and CAs: they stand in tables, messages and command lines. */
const NAME = /^[^\s\p{C}](?:[^\p{C}\p{Zl}\p{Zp}]{0,98}[^\s\p{C}])?$/u;

/** An object that refuses unknown keys. Its message is the list of its keys, from which {@link describeIssues} makes a sentence. */
export function strict<S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : undefined),
  });
}

/** Goes on with what `convert` makes of a value; its SyntaxError becomes the message at that value's place. */
export function converted<I, O, Raw>(schema: z.ZodType<I, Raw>, convert: (value: I) => O): z.ZodType<O, Raw> {
  return schema.transform((value, context) => {
    try {
      return convert(value);
    } catch (error) {
      if (!(error instanceof SyntaxError)) {
        throw error;
      }
      context.issues.push({ code: 'custom', message: error.message, input: undefined });
      return z.NEVER;
    }
  });
}

/** One value or a list of them; always a list of at least one inside. */
export function oneOrMore<O, I>(schema: z.ZodType<O, I>, what: string): z.ZodType<readonly [O, ...O[]], I | I[]> {
  const list = nonEmptyList(schema, what);
  return z.union([schema.transform((value): [O, ...O[]] => [value]), list], {
    error: `expected ${what}, or a list of them`,
  });
}

/** A list of at least one. */
export function nonEmptyList<O, I>(schema: z.ZodType<O, I>, what: string): z.ZodType<[O, ...O[]], I[]> {
  return converted(z.array(schema).min(1, `expected ${what}, at least one`), (items) => {
    const [first, ...others] = items;
    if (first === undefined) {
      throw new SyntaxError(`expected ${what}, at least one`);
    }
    return [first, ...others];
  });
}

/** A list of texts of which none stands twice. */
export function uniqueTexts<I extends string[]>(
  list: z.ZodType<[string, ...string[]], I>,
): z.ZodType<[string, ...string[]], I> {
  return list.meta({ uniqueItems: true }).transform((items, context) => {
    const first = new Map<string, number>();
    items.forEach((item, index) => {
      const earlier = first.get(item);
      if (earlier !== undefined) {
        const message = `${quote(item)} stands in this list already, as number ${earlier + 1}`;
        context.issues.push({ code: 'custom', path: [index], message, input: undefined });
      }
      first.set(item, earlier ?? index);
    });
    return items;
  });
}

export const name = z
  .string()
  .regex(NAME, 'expected a name of 1 to 100 characters, without control characters and without blanks at its ends');

/** Text that is shown to people and means nothing here. */
export const text = z.string().max(10_000, 'expected at most 10,000 characters');

/** Milliseconds of a duration between two others. */
export function duration(least: string, most: string): z.ZodType<number, string> {
  return converted(
    z.string(`expected ${DURATION_FORM}`).meta({
      pattern: durationPattern(least, most),
      patternErrorMessage: `expected ${DURATION_FORM}, from ${least} to ${most}`,
      examples: [least, most],
    }),
    (value) => {
      const ms = parseDuration(value);
      if (ms < parseDuration(least) || ms > parseDuration(most)) {
        throw new SyntaxError(`expected ${DURATION_FORM}, from ${least} to ${most}`);
      }
      return ms;
    },
  );
}

/** A URL without its last slash. */
export const httpUrl = converted(z.string().meta(HTTP_URL_FORM), parseHttpUrl);

/** An absolute path, of something that need not exist. */
export function path(machine: Machine): z.ZodType<string, string> {
  return z
    .string()
    .min(1, 'expected a path')
    .transform((file) => machine.resolve(file));
}

/** What `parse` makes of the text of a file. */
export function fileContent<O>(
  machine: Machine,
  what: string,
  maxBytes: number,
  parse: (content: string, file: string) => O,
): z.ZodType<O, string> {
  return converted(z.string().min(1, `expected the path of a ${what} file`), (file) => {
    const absolute = machine.resolve(file);
    return parse(machine.readFile(absolute, maxBytes, what).toString('utf8'), absolute);
  });
}

type SecretInput = string | { env: string } | { file: string };

/** A secret in the file, in the environment or in a file of its own. `form`: what editors are told of one in the file. */
export function secret(
  machine: Machine,
  form: Readonly<Record<string, unknown>> = { minLength: 1 },
): z.ZodType<string, SecretInput> {
  const fromEnvironment = converted(z.string().min(1, 'expected the name of an environment variable'), (variable) =>
    secretFromEnvironment(variable, machine),
  );
  const fromFile = converted(z.string().min(1, 'expected the path of a file'), (file) => secretFromFile(file, machine));
  return z.union(
    [
      converted(z.string().meta(form), secretFromLiteral),
      strict({ env: fromEnvironment }).transform(({ env }) => env),
      strict({ file: fromFile }).transform(({ file }) => file),
    ],
    { error: 'expected a string, { env: NAME } or { file: PATH }' },
  );
}

/** A secret that is a URL. */
export function secretUrl(machine: Machine): z.ZodType<string, SecretInput> {
  return converted(secret(machine, HTTP_URL_FORM), parseSecretUrl);
}
