import { Store } from '../../src/store/store.ts';

// Opens the database named by the argument, and prints how many migrations it has had.
const store = Store.open(process.argv[2] ?? '');
console.log(store.db.prepare('SELECT count(*) FROM schema_migrations').pluck().get());
store.close();
