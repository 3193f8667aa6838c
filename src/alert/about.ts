import { NO_LINKS } from './links.ts';

/** What an alert about a log, or about none in particular, has not: a watch, an entry, a signer, evidence of its own. */
export function about(log: string | null) {
  return {
    watch: null,
    log,
    index: null,
    violations: [],
    signer: null,
    artifacts: [],
    links: NO_LINKS,
    evidence: null,
    notify: null,
  } as const;
}
