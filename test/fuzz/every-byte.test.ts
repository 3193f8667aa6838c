import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MANY, TIMEOUT_MS } from './campaign.ts';
import { examine } from './examine.ts';
import { PLACES } from './places.ts';

/*
 * Every byte of a certificate that is trusted: in the ordinary suite with one other value, in a long run (see bodies.test.ts) with each
 * of the 255. Needs no seed.
 */

/** 251 is prime to 255, so that the values go round. */
const STEP = MANY === null ? 251 : 1;

describe('a trusted certificate', () => {
  it(
    'is never trusted with a byte changed',
    async () => {
      const [place] = PLACES.filter(({ specimen }) => specimen.name === 'hashedrekord 0.0.2');
      if (place === undefined) {
        throw new Error('Cannot find the certificate to change');
      }
      const began = process.hrtime.bigint();
      const { length } = place.certificate;
      let count = 0;
      for (let number = 0; number < length * 255; number += STEP) {
        const changed = Buffer.from(place.certificate);
        const at = Math.floor(number / 255);
        changed.writeUInt8((changed.readUInt8(at) + 1 + (number % 255)) % 256, at);
        const fault = examine(place.put(changed));
        if (fault !== null) {
          throw new Error(`${fault}: byte ${at} changed to ${changed.readUInt8(at)} in ${place.specimen.name}`);
        }
        count += 1;
        if (count % 1000 === 0) {
          await setImmediate();
        }
      }
      const seconds = Number(process.hrtime.bigint() - began) / 1e9;
      console.log(`fuzz every byte: ${count} changes of ${length} bytes in ${seconds.toFixed(0)} s`);
      expect(count).toBeGreaterThanOrEqual(length);
    },
    TIMEOUT_MS,
  );
});
