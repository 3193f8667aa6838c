import type { Query, Store } from '../../src/store/store.ts';

/** The process died here. */
export class Death extends Error {
  override readonly name = 'Death';
}

/** What becomes of a write: it is lost and the process dies, or it is the last one. Null: nothing. `sql` is all that it ran, `count` how many there were, itself included. */
export type Fate = (write: { readonly sql: string; readonly count: number }) => 'before' | 'after' | null;

/** Looks like `store`, but the process that uses it dies at a write, be it a transaction or a single statement. What is dead stays dead. */
export function mortalStore(store: Store, fate: Fate): Store {
  let count = 0;
  let dead = false;
  let running: string[] | null = null;

  const die = (): never => {
    dead = true;
    throw new Death('the process died');
  };
  const transaction = <T>(fn: () => T): T => {
    if (dead) {
      die();
    }
    if (running !== null) {
      return fn();
    }
    const ran: string[] = (running = []);
    const { result, end } = (() => {
      try {
        return store.transaction<{ result: unknown; end: ReturnType<Fate> }>(() => {
          const done = { result: fn(), end: fate({ sql: ran.join(';\n'), count: (count += 1) }) };
          // Nothing of it stays.
          return done.end === 'before' ? die() : done;
        });
      } finally {
        // Also after one that was rolled back.
        running = null;
      }
    })();
    return end === 'after' ? die() : (result as T); // What fn returned: the store's type of it only keeps promises out.
  };

  const prepare = <Row>(sql: string): Query<Row> => {
    const query = store.prepare<Row>(sql);
    const run: Query<Row>['run'] = (...parameters) => {
      if (running === null) {
        return transaction(() => prepare(sql).run(...parameters));
      }
      running.push(sql);
      return query.run(...parameters);
    };
    return new Proxy(query, {
      get: (target, key) => {
        if (dead) {
          die();
        }
        // Native methods want the statement itself.
        const value: unknown = Reflect.get(target, key);
        return key === 'run' ? run : typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  };

  // A Store by all that is used of it; its private parts stay with the real one.
  return { db: store.db, path: store.path, prepare, transaction, close: () => {} } as unknown as Store;
}
