import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import { type KubeApi, KubeRefused } from '../policy/kube-api.ts';
import { wordsOf } from '../words-of.ts';

interface Lease {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly spec: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number;
  };
}

/** Timings of client-go's leader election. */
const DURATION_S = 15;
const RENEW_BY_MS = 10_000;
const RETRY_MS = 2_000;
const NAME = 'picket-agent';

/**
 * One agent at a time: a Lease (coordination.k8s.io/v1) as client-go's leader election uses it. Whether another holder is alive goes by
 * how long its record has not changed by our own clock, so clocks need not agree.
 */
export class LeaderLease {
  readonly #api: KubeApi;
  readonly #collection: string;
  readonly #holder: string;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  #seen = { record: '', atMs: 0 };

  constructor(api: KubeApi, namespace: string, holder: string, logger: Logger) {
    this.#api = api;
    this.#collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    this.#holder = holder;
    this.#logger = logger;
  }

  /** Resolves when this agent leads; `onLost` is called when it does no more. Resolves too when it is released before. */
  async acquire(onLost: () => void): Promise<void> {
    while (!this.#abort.signal.aborted && (await this.#try()) !== 'mine')
      await this.#sleep(RETRY_MS);
    if (this.#abort.signal.aborted) return;
    this.#logger.info({ holder: this.#holder }, 'leads');
    void this.#hold(onLost);
  }

  /** Lets the next one take over at once. */
  async release(): Promise<void> {
    this.#abort.abort();
    const lease = await this.#find().catch(() => undefined);
    if (lease?.spec.holderIdentity !== this.#holder) return;
    await this.#write({
      ...lease,
      spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 },
    }).catch(() => undefined);
  }

  async #hold(onLost: () => void): Promise<void> {
    let renewedMs = performance.now();
    while (!this.#abort.signal.aborted) {
      await this.#sleep(RETRY_MS);
      if (this.#abort.signal.aborted) return;
      const outcome = await this.#try();
      if (outcome === 'mine') renewedMs = performance.now();
      else if (outcome === 'taken' || performance.now() - renewedMs > RENEW_BY_MS) return onLost();
    }
  }

  /** Takes or renews it. `unknown`: the API server does not answer, or somebody wrote at the same time. */
  async #try(): Promise<'mine' | 'taken' | 'unknown'> {
    const lease = await this.#find().catch((error: unknown) => {
      this.#logger.warn({ error: wordsOf(error) }, 'the lease cannot be read');
      return null;
    });
    if (lease === null) return 'unknown';
    const isMine = lease?.spec.holderIdentity === this.#holder;
    if (lease && !isMine && this.#isAlive(lease)) return 'taken';
    const now = new Date().toISOString().replace('Z', '000Z');
    const transitions = (lease?.spec.leaseTransitions ?? 0) + (lease && !isMine ? 1 : 0);
    const next = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: NAME, ...lease?.metadata },
      spec: {
        ...(isMine ? lease.spec : { acquireTime: now }),
        holderIdentity: this.#holder,
        leaseDurationSeconds: DURATION_S,
        renewTime: now,
        leaseTransitions: transitions,
      },
    };
    return this.#write(next).then(
      () => 'mine' as const,
      (error: unknown) => {
        // Somebody else was faster; that is how it is decided.
        if (!(error instanceof KubeRefused && error.status === 409))
          this.#logger.warn({ error: wordsOf(error) }, 'the lease cannot be written');
        return 'unknown' as const;
      },
    );
  }

  #isAlive({ spec }: Lease): boolean {
    if (!spec.holderIdentity) return false;
    const record = `${spec.holderIdentity} ${spec.renewTime ?? ''}`;
    if (this.#seen.record !== record) this.#seen = { record, atMs: performance.now() };
    return performance.now() - this.#seen.atMs < (spec.leaseDurationSeconds ?? DURATION_S) * 1_000;
  }

  #find(): Promise<Lease | undefined> {
    return this.#api.find<Lease>(`${this.#collection}/${NAME}`);
  }

  async #write(lease: Lease): Promise<void> {
    if (lease.metadata.resourceVersion === undefined)
      await this.#api.create(this.#collection, lease);
    else await this.#api.update(`${this.#collection}/${NAME}`, lease);
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#abort.signal }).catch(() => undefined);
  }
}
