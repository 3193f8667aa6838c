import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapWith } from '../../src/lib/map-with.ts';

describe('mapWith()', () => {
  it('gives every result in order, with no more under way than it may', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 20 }),
        async (most, turns) => {
          let underway = 0;
          let highest = 0;
          const results = await mapWith(most, turns, async (turn) => {
            underway += 1;
            highest = Math.max(highest, underway);
            for (let waited = 0; waited < turn; waited += 1) {
              await Promise.resolve();
            }
            underway -= 1;
            return turn * 2;
          });
          expect(results).toEqual(turns.map((turn) => turn * 2));
          expect(highest).toBeLessThanOrEqual(most);
        },
      ),
    );
  });

  it('rejects with what fails', async () => {
    await expect(
      mapWith(2, [1, 2, 3], (n) => (n === 2 ? Promise.reject(new Error('two')) : Promise.resolve(n))),
    ).rejects.toThrow('two');
  });
});
