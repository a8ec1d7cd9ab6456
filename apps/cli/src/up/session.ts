type End = () => Promise<unknown>;

/** Thrown inside the work of a session that is being ended; nobody needs to hear of it. */
class SessionEnded extends Error {}

/** What runs now and has to be stopped, in reverse order, whatever happens, at any moment of the start. */
export class Session {
  readonly #ends: End[] = [];
  #isOver = false;

  /** Waits for a thing that starts, and stops it when the session ends, even if that is before it has started. */
  async hold<Thing>(
    start: () => Thing | Promise<Thing>,
    stop: (thing: Thing) => unknown,
  ): Promise<Thing> {
    if (this.#isOver) throw new SessionEnded();
    const starting = Promise.resolve(start());
    this.#ends.unshift(() => starting.then(stop, () => undefined));
    const thing = await starting;
    if (this.#isOver) throw new SessionEnded();
    return thing;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    const failures: unknown[] = [];
    for (const end of this.#ends.splice(0)) await end().catch((error) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be stopped');
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does the work until it is done, or until Ctrl-C, SIGTERM or the end of the parent process, and then stops all that it holds.
 * Repeated signals change nothing: stopping takes a moment, and a second Ctrl-C shall not leave processes behind.
 */
export async function inSession(work: (session: Session) => Promise<void>): Promise<void> {
  const session = new Session();
  const stopped = new Promise<void>((resolve) => {
    for (const signal of SIGNALS) process.on(signal, () => resolve());
    process.on('disconnect', () => resolve());
    process.channel?.unref();
  });
  try {
    const working = work(session);
    await Promise.race([working, stopped]);
  } finally {
    await session.end();
  }
}
