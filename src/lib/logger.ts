import type { Logger as PinoLogger } from 'pino';

/** One JSON line an event, on stderr: `logger.info({ log, size }, 'verified')`. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'>;
