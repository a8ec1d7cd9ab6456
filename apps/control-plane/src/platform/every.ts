import type { Logger } from './logger.ts';

/** Does the work again and again, that long after it was done; a failure is logged and tried again. Returns how to end it. */
export function every(
  ms: number,
  work: () => Promise<unknown>,
  logger: Logger,
): () => Promise<void> {
  const ended = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const turn = (): void => {
    running = work()
      .then(
        () => undefined,
        (error: unknown) => logger.warn({ error: String(error) }, 'work of the background failed'),
      )
      .then(() => {
        if (!ended.signal.aborted) timer = setTimeout(turn, ms);
      });
  };
  turn();
  return async () => {
    ended.abort();
    clearTimeout(timer);
    await running;
  };
}
