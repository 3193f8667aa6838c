import type { Config } from '../config/config.ts';
import { systemClock } from '../lib/clock.ts';
import { DatabaseError } from '../store/database-error.ts';
import { Store } from '../store/store.ts';
import { openTrustMemory } from '../trust-memory.ts';
import { logsOf } from '../trust/snapshot.ts';
import type { TrustData } from '../trust/trusted-root.ts';
import { shippedTrust } from '../trust/tuf.ts';

const NOTHING: TrustData = { authorities: [], logs: [], ctLogs: [], goodUntil: null, skipped: [] };

/**
 * What is trusted as far as it is known here, without asking the network: the file that is configured, what the daemon last
 * read from a TUF repository, else the copy of public-good that is shipped; and the configured authorities.
 */
export function offlineTrust({ trust, database }: Pick<Config, 'trust' | 'database'>): TrustData {
  const { source, authorities } = trust;
  const data = published();
  return { ...data, authorities: [...data.authorities, ...authorities] };

  function published(): TrustData {
    switch (source.kind) {
      case 'none':
        return NOTHING;
      case 'trusted-root':
        return source.data;
      case 'public-good':
        return lastRead() ?? shippedTrust();
      case 'staging':
      case 'tuf':
        return lastRead() ?? NOTHING;
    }
  }

  function lastRead(): TrustData | null {
    let store: Store;
    try {
      store = Store.open(database, { readonly: true });
    } catch (error) {
      if (error instanceof DatabaseError) {
        // Evidence is checked on machines that have none, too.
        return null;
      }
      throw error;
    }
    try {
      const never = (): never => {
        throw new Error('Nothing is told when trust data is only looked at');
      };
      const snapshot = openTrustMemory(source, { store, clock: systemClock, tell: never }).last();
      return snapshot === null ? null : { ...snapshot.data, ...logsOf(snapshot) };
    } finally {
      store.close();
    }
  }
}
