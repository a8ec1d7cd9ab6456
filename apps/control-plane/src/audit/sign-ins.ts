import type { DataSource } from 'typeorm';

import type { Logger } from '../platform/logger.ts';
import type { Acting } from './acting.ts';
import { Attempt, type Origin } from './attempt.ts';
import { addEvent, newEvent } from './event.ts';

const FLUSH_MS = 60_000;
/** Whoever was silent for that long signs in anew (ms). */
const SILENT_MS = 3_600_000;
const CALLERS_MAX = 10_000;
/** Most addresses that are kept of one caller and hour. */
const ADDRESSES_MAX = 20;

interface Uses {
  readonly actor: Acting;
  readonly addresses: Set<string>;
  count: number;
  lastMs: number;
}

/**
 * Who comes in. The first request of a caller to this process is a `signIn` event; how often it came is summed by the hour over all
 * processes and becomes a `useToken` event when the hour is over (sums.ts). A process that is killed loses the sums of one minute.
 */
export class SignIns {
  readonly #dataSource: DataSource;
  readonly #logger: Logger;
  readonly #uses = new Map<string, Uses>();
  #timer: NodeJS.Timeout | undefined;
  /** Events and uses that could not be written. */
  lost = 0;

  constructor(dataSource: DataSource, logger: Logger) {
    this.#dataSource = dataSource;
    this.#logger = logger;
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(Date.now()), FLUSH_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush(Date.now());
  }

  /** Costs a look into a map, unless the caller is new. */
  note(actor: Acting, origin: Origin, nowMs: number): void {
    const { organizationId, caller } = actor;
    const key = `${organizationId} ${caller.kind} ${caller.id}`;
    let uses = this.#uses.get(key);
    if (!uses) {
      const oldest = this.#uses.size >= CALLERS_MAX ? this.#uses.entries().next().value : undefined;
      if (oldest) {
        this.#uses.delete(oldest[0]);
        void this.#store([oldest[1]], nowMs);
      }
      uses = { actor, addresses: new Set(), count: 0, lastMs: nowMs };
      this.#uses.set(key, uses);
      void this.#signedIn(actor, origin);
    }
    uses.count += 1;
    uses.lastMs = nowMs;
    if (origin.address !== null && uses.addresses.size < ADDRESSES_MAX)
      uses.addresses.add(origin.address);
  }

  /** Adds what was counted to the sums of the hour. */
  async flush(nowMs: number): Promise<void> {
    const used: Uses[] = [];
    for (const [key, uses] of this.#uses) {
      if (uses.count > 0) used.push({ ...uses, addresses: new Set(uses.addresses) });
      if (uses.lastMs < nowMs - SILENT_MS) this.#uses.delete(key);
      uses.count = 0;
      uses.addresses.clear();
    }
    await this.#store(used, nowMs);
  }

  async #signedIn(actor: Acting, origin: Origin): Promise<void> {
    const attempt = new Attempt('signIn', origin, null);
    try {
      await addEvent(this.#dataSource, newEvent({ ...actor, attempt }, {}));
    } catch (error) {
      this.#failed(error, 1);
    }
  }

  async #store(all: readonly Uses[], nowMs: number): Promise<void> {
    if (all.every(({ count }) => count === 0)) return;
    try {
      await this.#dataSource.query(
        `INSERT INTO token_uses AS u (organization_id, actor_kind, actor_id, hour, actor_name, count, addresses)
         SELECT (use ->> 'organizationId')::uuid, use ->> 'kind', use ->> 'id', date_trunc('hour', $2::timestamptz, 'UTC'), use ->> 'name', (use ->> 'count')::bigint,
           ARRAY (SELECT jsonb_array_elements_text(use -> 'addresses'))
         FROM jsonb_array_elements($1::jsonb) AS use ORDER BY 1, 2, 3
         ON CONFLICT (organization_id, actor_kind, actor_id, hour) DO UPDATE SET count = u.count + excluded.count,
           addresses = (ARRAY (SELECT DISTINCT unnest(u.addresses || excluded.addresses) ORDER BY 1))[1:${ADDRESSES_MAX}]`,
        [
          JSON.stringify(
            all.map(({ actor: { caller, organizationId }, count, addresses }) => ({
              organizationId,
              ...caller,
              count,
              addresses: [...addresses],
            })),
          ),
          new Date(nowMs),
        ],
      );
    } catch (error) {
      this.#failed(
        error,
        all.reduce((sum, { count }) => sum + count, 0),
      );
    }
  }

  #failed(error: unknown, count: number): void {
    this.lost += count;
    this.#logger.warn({ error: String(error) }, 'sign-ins could not be written to the audit log');
  }
}
