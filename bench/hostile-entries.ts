import { wrap, type Shaped } from './hostile-parts.ts';
import { SHAPES } from './hostile-shapes.ts';

/** A body made to cost, and how it was made. */
export interface HostileEntry extends Shaped {
  readonly shape: string;
}

/** One in so many is built to be large, the others are mutations of real bodies. */
const ONE_LARGE_IN = 2_000;
/** What a log takes: some megabytes (Rekor v1), 64 KiB (a bundle of Rekor v2). */
const SIZES = [64 * 1024, 512 * 1024];

/** `count` hostile entries, the same for the same seed: mutated bodies, mutated certificates inside them, and large shapes. */
export function* createHostileEntries(
  bodies: readonly Buffer[],
  count: number,
  seed: number,
): Generator<HostileEntry, void> {
  const random = createRandom(seed);
  for (let made = 0; made < count; made++) {
    if (made % ONE_LARGE_IN === 0) {
      yield large(random, SIZES[random(SIZES.length)] ?? 0);
      continue;
    }
    const body = bodies[random(bodies.length)] ?? Buffer.alloc(0);
    yield random(2) === 0
      ? { body: mutate(body, random), shape: 'a mutated body' }
      : { body: mutateInside(body, random), shape: 'mutated bytes inside a body' };
  }
}

/** A whole number below `limit`. */
type Random = (limit: number) => number;

/** xorshift32: which numbers come matters to nobody, that the same seed gives the same ones does. */
function createRandom(seed: number): Random {
  let state = seed | 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

function mutate(body: Buffer, random: Random): Buffer {
  const copy = Buffer.from(body);
  for (let left = 1 + random(8); left > 0 && copy.length > 0; left--) {
    copy[random(copy.length)] = random(256);
  }
  switch (random(4)) {
    case 0:
      return copy.subarray(0, random(copy.length + 1));
    case 1: {
      const at = random(copy.length);
      return Buffer.concat([copy.subarray(0, at), copy.subarray(random(copy.length)), copy.subarray(at)]);
    }
    default:
      return copy;
  }
}

/** Changes what a base64 text of the body holds: through two layers, where a PEM text is inside. */
function mutateInside(body: Buffer, random: Random): Buffer {
  const text = body.toString('latin1');
  const runs = [...text.matchAll(/[A-Za-z0-9+/]{64,}={0,2}/g)];
  const run = runs[random(Math.max(runs.length, 1))];
  if (run === undefined) {
    return mutate(body, random);
  }
  const decoded = Buffer.from(run[0], 'base64');
  const pem = /-----BEGIN [A-Z ]+-----\n([\s\S]+?)-----END/.exec(decoded.toString('latin1'));
  const inner = pem?.[1] === undefined ? mutate(decoded, random) : null;
  const changed =
    inner ?? Buffer.from(decoded.toString('latin1').replace(pem?.[1] ?? '', wrap(mutate(pemBytes(pem?.[1]), random))));
  return Buffer.from(
    text.slice(0, run.index) + changed.toString('base64') + text.slice(run.index + run[0].length),
    'latin1',
  );
}

function pemBytes(text = ''): Buffer {
  return Buffer.from(text.replaceAll('\n', ''), 'base64');
}

function large(random: Random, size: number): HostileEntry {
  const names = Object.keys(SHAPES);
  const shape = names[random(names.length)] ?? '';
  const made = SHAPES[shape]?.(size) ?? { body: Buffer.alloc(0) };
  return { ...made, shape };
}
