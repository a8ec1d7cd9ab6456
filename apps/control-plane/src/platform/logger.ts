import { destination, pino, type Logger } from 'pino';

export type { Logger };

/** JSON lines on stderr; stdout is kept for the one ready line. Messages are constant sentences, data goes into fields. */
export function createLogger(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination(2));
}
