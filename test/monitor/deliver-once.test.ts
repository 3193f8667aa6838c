import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeliveryError } from '../../src/alert/sink.ts';
import { DeliveryBench } from '../support/delivery-bench.ts';
import { scriptedSink } from '../support/scripted-sink.ts';

let bench: DeliveryBench;
beforeEach(() => {
  // Its ten seconds must be long enough on a busy machine.
  bench = new DeliveryBench(5);
});
afterEach(() => bench.close());

describe('deliverOnce()', () => {
  it('waits for no group', async () => {
    const sink = scriptedSink();
    bench.say('a', ['security'], {}, 86_400_000);
    bench.say('b', ['security'], { watch: 'b' }, 86_400_000);
    expect(await bench.once({ security: sink })).toEqual({ sent: 2, failed: 0 });
    expect(sink.taken).toHaveLength(2);
  });

  it('tries three times and leaves the message for the next run', async () => {
    const [bad, good] = [scriptedSink('bad'), scriptedSink('good')];
    bad.script(() => Promise.reject(new DeliveryError('no')));
    bench.say('a', ['security', 'mail']);
    expect(await bench.once({ security: bad, mail: good })).toEqual({ sent: 1, failed: 1 });
    expect(bad.attempts).toHaveLength(3);
    expect(bench.messages()).toContainEqual(
      expect.objectContaining({ attempts: 3, state: 'pending', last_error: 'no' }),
    );
    bad.script(async () => undefined);
    expect(await bench.once({ security: bad, mail: good })).toEqual({ sent: 1, failed: 0 });
    expect(bad.taken).toMatchObject([{ id: bad.attempts[0]?.id }]);
    expect(good.taken).toHaveLength(1);
  });

  it('ends within its time when a channel hangs', async () => {
    const hung = scriptedSink();
    hung.script(() => new Promise(() => undefined));
    bench.say('a', ['security']);
    bench.say('b', ['security'], { watch: 'b' });
    expect(await bench.once({ security: hung })).toEqual({ sent: 0, failed: 2 });
    expect(hung.attempts).toHaveLength(1);
    expect(bench.messages()[0]?.last_error).toMatch(/^Cannot send message: no answer within \d+ s$/);
  });

  it('does not stay for a Retry-After that is longer than its time', async () => {
    const busy = scriptedSink();
    busy.script(() => Promise.reject(new DeliveryError('busy', { retryAfter: '60' })));
    bench.say('a', ['security']);
    expect(await bench.once({ security: busy })).toEqual({ sent: 0, failed: 1 });
    expect(busy.attempts).toHaveLength(1);
  });

  it('has nothing to say when nothing waits', async () => {
    expect(await bench.once({ security: scriptedSink() })).toEqual({ sent: 0, failed: 0 });
  });
});
