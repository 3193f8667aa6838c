import { lockForDaemon } from '../../src/store/daemon-lock.ts';

// Locks the database named by the argument, says so, and never ends by itself.
lockForDaemon(process.argv[2] ?? '');
console.log('locked');
setInterval(() => undefined, 60_000);
