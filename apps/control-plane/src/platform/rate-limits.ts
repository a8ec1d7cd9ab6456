import { isIPv6 } from 'node:net';

import { DomainError } from '@picket/kernel';
import { Redis } from 'ioredis';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';

import type { Config } from '../config/config.ts';

const WINDOW_S = 60;

/** More was asked than one caller, or one address, may ask in a minute. */
export class RateLimited extends DomainError {
  readonly code = 'RATE_LIMITED';
  readonly kind = 'unavailable';
  readonly retryAfterS: number;

  constructor(message: string, retryAfterS: number) {
    super(message, { retryAfterS });
    this.retryAfterS = retryAfterS;
  }
}

/**
 * How often somebody may ask: each actor so many requests a minute, each address so many sign-ins that fail. Counted for all replicas in
 * Redis when there is one; without it, and while it is away, by each process for itself.
 */
export class RateLimits {
  readonly #redis: Redis | undefined;
  readonly #actors: RateLimiterAbstract | undefined;
  readonly #failures: RateLimiterAbstract | undefined;

  constructor({ REDIS_URL, RATE_REQUESTS_MAX, RATE_FAILED_SIGN_INS_MAX }: Config) {
    this.#redis =
      REDIS_URL === undefined
        ? undefined
        : new Redis(REDIS_URL, {
            enableOfflineQueue: false,
            maxRetriesPerRequest: 0,
            commandTimeout: 500,
          });
    this.#redis?.on('error', () => undefined); // counted in memory meanwhile
    this.#actors = this.#limiter('actor', RATE_REQUESTS_MAX);
    this.#failures = this.#limiter('address', RATE_FAILED_SIGN_INS_MAX);
  }

  /** Counts a request of an actor. Throws RateLimited when there were too many. */
  async count(actor: string): Promise<void> {
    await consume(this.#actors, actor, 'You ask too much');
  }

  /** Counts a sign-in that failed. Throws RateLimited when there were too many from there. */
  async countFailure(address: string): Promise<void> {
    await consume(this.#failures, networkOf(address), 'Too many sign-ins from there have failed');
  }

  close(): void {
    this.#redis?.disconnect();
  }

  #limiter(name: string, points: number): RateLimiterAbstract | undefined {
    if (points === 0) return undefined;
    const options = { points, duration: WINDOW_S, keyPrefix: `picket:rate:${name}` };
    const memory = new RateLimiterMemory(options);
    return this.#redis
      ? new RateLimiterRedis({
          ...options,
          storeClient: this.#redis,
          insuranceLimiter: memory,
          inMemoryBlockOnConsumed: points + 1,
        })
      : memory;
  }
}

async function consume(
  limiter: RateLimiterAbstract | undefined,
  key: string,
  message: string,
): Promise<void> {
  try {
    await limiter?.consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const retryAfterS = Math.max(1, Math.ceil(error.msBeforeNext / 1_000));
    throw new RateLimited(`${message}: come back in ${retryAfterS} s`, retryAfterS);
  }
}

/** One customer has a whole IPv6 network of 64 bits (RFC 6177), so that is what is counted. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const rest = tail.split(':').filter((group) => group !== '');
  const zeros = address.includes('::')
    ? Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0')
    : [];
  return `${[...groups, ...zeros, ...rest]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
