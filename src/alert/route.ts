import type { NonEmpty } from '../lib/non-empty.ts';
import type { Severity } from '../policy/watch.ts';
import type { AlertClass, AlertDraft, AlertKind } from './alert.ts';

/** Which alerts go to which channels. A criterion that is null is met by every alert; all of them must be met. */
export interface Route {
  readonly class: readonly AlertClass[] | null;
  readonly severity: readonly Severity[] | null;
  readonly watch: readonly string[] | null;
  readonly kind: readonly AlertKind[] | null;
  readonly to: NonEmpty<string>;
  /** Also look at the routes after this one. */
  readonly continue: boolean;
}

/**
 * The channels that are told about an alert, each once, in the order of the routes. The first route it meets decides, and the
 * next ones too where a route says `continue`; an alert that meets no route goes to `allChannels`; a watch's own `notify`
 * stands instead of the routes.
 */
export function channelsFor(
  alert: Pick<AlertDraft, 'class' | 'kind' | 'severity' | 'watch' | 'notify'>,
  routes: readonly Route[],
  allChannels: readonly string[],
): string[] {
  if (alert.notify !== null) {
    return [...new Set(alert.notify)];
  }
  const met = routes.filter((route) => meets(alert, route));
  if (met.length === 0) {
    return [...allChannels];
  }
  const last = met.findIndex((route) => !route.continue);
  const deciding = last === -1 ? met : met.slice(0, last + 1);
  return [...new Set(deciding.flatMap((route) => route.to))];
}

function meets(alert: Pick<AlertDraft, 'class' | 'kind' | 'severity' | 'watch'>, route: Route): boolean {
  return (
    (route.class === null || route.class.includes(alert.class)) &&
    (route.severity === null || route.severity.includes(alert.severity)) &&
    (route.kind === null || route.kind.includes(alert.kind)) &&
    (route.watch === null || (alert.watch !== null && route.watch.includes(alert.watch)))
  );
}
