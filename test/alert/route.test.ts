import { describe, expect, it } from 'vitest';
import type { AlertDraft } from '../../src/alert/alert.ts';
import { channelsFor, type Route } from '../../src/alert/route.ts';

type Routed = Pick<AlertDraft, 'class' | 'kind' | 'severity' | 'watch' | 'notify'>;

const ALERT: Routed = { class: 'identity', kind: 'unexpected', severity: 'critical', watch: 'widget', notify: null };

const ALL = ['a', 'b', 'c'];

function route(criteria: Partial<Route>): Route {
  return { class: null, severity: null, watch: null, kind: null, to: ['a'], continue: false, ...criteria };
}

describe('channelsFor()', () => {
  it.each<[name: string, alert: Partial<Routed>, routes: readonly Route[], channels: readonly string[]]>([
    ['every channel where there is no route', {}, [], ALL],
    ['every channel where no route is met', {}, [route({ class: ['log'] })], ALL],
    ['the first route that is met', {}, [route({ class: ['log'] }), route({ to: ['b'] }), route({ to: ['c'] })], ['b']],
    [
      'the next one too after continue',
      {},
      [route({ continue: true }), route({ to: ['b'] }), route({ to: ['c'] })],
      ['a', 'b'],
    ],
    [
      'what is met after continue, not what stands next',
      {},
      [route({ continue: true }), route({ kind: ['fork'], to: ['b'] })],
      ['a'],
    ],
    ['each channel once', {}, [route({ to: ['a', 'b'], continue: true }), route({ to: ['b', 'a', 'c'] })], ALL],
    ['a route by any of its classes', {}, [route({ class: ['log', 'identity'], to: ['b'] })], ['b']],
    ['a route by severity', {}, [route({ severity: ['high'] }), route({ severity: ['critical'], to: ['b'] })], ['b']],
    ['a route by kind', {}, [route({ kind: ['forged'] }), route({ kind: ['unexpected'], to: ['b'] })], ['b']],
    ['a route by watch', {}, [route({ watch: ['other'] }), route({ watch: ['widget'], to: ['b'] })], ['b']],
    ['no route by watch for an alert without one', { watch: null }, [route({ watch: ['widget'] })], ALL],
    [
      'a route only if all of it is met',
      {},
      [route({ class: ['identity'], severity: ['low'] }), route({ to: ['b'] })],
      ['b'],
    ],
    ["the watch's own channels whatever the routes", { notify: ['c', 'c'] }, [route({ to: ['a'] })], ['c']],
  ])('gives %s', (_name, alert, routes, channels) => {
    expect(channelsFor({ ...ALERT, ...alert }, routes, ALL)).toEqual(channels);
  });
});
