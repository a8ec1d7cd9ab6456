import type { Capabilities, ObjectOutcome, SignedGrant } from '@picket/agent-protocol';
import { isOfTeam, type PolicySet } from '@picket/compiler';
import type { Logger } from 'pino';

import type { Report } from '../link/spool.ts';
import type { StateStore } from '../link/state-store.ts';
import { wordsOf } from '../words-of.ts';
import { readCapabilities } from './capabilities.ts';
import { expandSet } from './desired.ts';
import { Ends } from './ends.ts';
import { heldBack } from './held-back.ts';
import type { KubeApi } from './kube-api.ts';
import { type LastSet, readLastSet, writeLastSet } from './last-set.ts';
import { LiveObjects } from './live-objects.ts';
import { isBracket } from './bracket.ts';
import { ObjectWriter } from './object-writer.ts';
import { bounded, outcomeOf } from './outcome.ts';

/** A kind that comes or goes is seen at once; this is for what changes behind a kind, such as a new field. */
const CAPABILITIES_MS = 300_000;
const RETRY_MS = 5_000;
/** How often it is looked whether a policy kind came or went: four small requests. */
const KINDS_MS = 5_000;

interface Parts {
  readonly api: KubeApi;
  readonly store: StateStore;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly report: (report: Report) => Promise<void>;
  /** The cluster can express something else now: the hub should know soon. */
  readonly onCapabilities: () => void;
}

interface Effective extends LastSet {
  readonly set: PolicySet;
}

/**
 * Makes the cluster have what the effective set says, and keeps it so.
 *
 * One turn at a time compares all that must be there with all that is there, so a lost event costs nothing but time. A new set becomes
 * effective only when the API server has taken all that is not a team's in a dry run (decision 8); until then the old one is held.
 */
export class Enforcer {
  readonly #parts: Parts;
  readonly #live: LiveObjects;
  readonly #writer: ObjectWriter;
  readonly #ends: Ends;
  #effective: Effective | undefined;
  #capabilities: { value: Capabilities; atMs: number } | undefined;
  #turns: Promise<void> = Promise.resolve();
  #isDue = false;
  /** Whether it is known what is in the cluster; nothing is compared before. */
  #isOpen = false;
  #retry: NodeJS.Timeout | undefined;
  #kindsTimer: NodeJS.Timeout | undefined;
  #lastReport = '';
  /** Signature of the grant that was kept last, and how many exceptions had ended. */
  #kept = '';
  #isStopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#live = new LiveObjects(parts.api, parts.logger, () => this.#turnSoon());
    this.#writer = new ObjectWriter(parts.api, this.#live, parts.logger);
    this.#ends = new Ends(parts.nowMs, () => {
      parts.logger.info('an exception has ended');
      this.#turnSoon();
    });
  }

  /** Takes up the last set, before any word from the hub. */
  async start(): Promise<void> {
    const { store, logger } = this.#parts;
    const last = await readLastSet(store).catch((error: unknown) => {
      logger.error({ error: wordsOf(error) }, 'the last set cannot be read');
      return undefined;
    });
    if (last) {
      this.#effective = { ...last, set: JSON.parse(last.text) as PolicySet };
      this.#writer.takeUp(last.owned);
      this.#ends.notBefore(last.atMs);
      const { digest, sequence } = last.grant;
      logger.info({ digest, sequence }, 'the last set is taken up');
    }
    await this.#live.open();
    this.#isOpen = true;
    this.#turnSoon();
    this.#kindsTimer = setInterval(() => void this.#lookForKinds(), KINDS_MS);
    this.#kindsTimer.unref();
  }

  /** Ends after the turn that is under way, so that no bracket stays behind. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    this.#ends.stop();
    clearInterval(this.#kindsTimer);
    await this.#live.close();
    await this.#turns;
  }

  running(): { digest: string | null; sequence: number; notAfter: number; approvedAtMs: number } {
    const { grant, approvedAtMs = 0 } = this.#effective ?? {};
    return {
      approvedAtMs,
      digest: grant?.digest ?? null,
      sequence: grant?.sequence ?? 0,
      notAfter: grant?.notAfter ?? 0,
    };
  }

  /** What this cluster can express; what was read last while the API server does not answer. Throws when nothing was read yet. */
  async capabilities(): Promise<Capabilities> {
    const { api, nowMs, logger } = this.#parts;
    const known = this.#capabilities;
    if (known && nowMs() - known.atMs < CAPABILITIES_MS) return known.value;
    try {
      this.#capabilities = { value: await readCapabilities(api), atMs: nowMs() };
    } catch (error) {
      if (!known) throw error;
      logger.warn({ error: wordsOf(error) }, 'the capabilities cannot be read now');
    }
    return (this.#capabilities ?? known)?.value as Capabilities;
  }

  /** Follows a grant: a renewal is written down, a new set is tried and becomes effective or is reported as failed. */
  run(grant: SignedGrant, next?: { text: string; approvedAtMs: number }): Promise<void> {
    return this.#serially(async () => {
      this.#ends.notBefore(0);
      if (next) {
        const set = JSON.parse(next.text) as PolicySet;
        return this.#adopt({ grant, ...next, owned: [], atMs: 0, set });
      }
      if (!this.#effective) return;
      this.#effective = { ...this.#effective, grant };
      await this.#keep();
      return this.#turn();
    });
  }

  /** Dry-runs what the set would change; nothing is written before all of it is accepted. */
  async #adopt(next: Effective): Promise<void> {
    const { desired } = expandSet(this.#ends.of(next.set).set, this.#live.namespaces());
    const refusals = await this.#writer.dryRun(this.#writer.plan(desired).applies);
    // What one team wrote must not keep the cluster from everybody else's changes: it is the only one that is not written.
    if (refusals.every(({ object }) => isOfTeam(object.manifest.metadata.labels))) {
      this.#effective = next;
      await this.#keep();
      return this.#turn();
    }
    const refused = refusals.map(({ outcome }) => outcome);
    this.#parts.logger.error(
      { digest: next.grant.digest, refused: refused.length },
      'the API server refuses part of the set; nothing of it was written',
    );
    return this.#report(next.grant, {
      phase: 'failed',
      counts: {
        applied: 0,
        pending: desired.length - refused.length,
        failed: refused.length,
        drifted: 0,
      },
      outcomes: refused,
      reason:
        'The API server refuses part of the set, so nothing of it was written and the old one stays',
    });
  }

  /** Compares, writes, prunes, reports. Safe at any time, in any state. */
  async #turn(): Promise<void> {
    const effective = this.#effective;
    if (!effective || this.#isStopped || !this.#isOpen) return;
    const { set, ended } = this.#ends.watch(effective.set);
    const namespaces = this.#live.namespaces();
    const { desired, waiting } = expandSet(set, namespaces);
    const over = new Set(
      expandSet({ ...set, objects: [], templates: ended }, namespaces).desired.map(
        ({ key }) => key,
      ),
    );
    const { applies, prunes } = this.#writer.plan(desired);
    const outcomes = [
      ...waiting.map(({ manifest }) =>
        outcomeOf(manifest, 'pending', 'The namespace does not exist'),
      ),
      ...(await this.#writer.write(applies)),
    ];
    // A bracket that was left behind stands for nothing, and an exception whose time is over goes whatever else there is.
    const isHeld = heldBack(desired, outcomes);
    const superfluous = prunes.filter((key) => !isHeld(key) || isBracket(key) || over.has(key));
    outcomes.push(...(await this.#writer.prune(superfluous)));
    await this.#keep();
    const failed = countOf(outcomes, 'failed');
    const drifted = countOf(outcomes, 'foreign');
    await this.#report(effective.grant, {
      phase: failed > 0 ? 'failed' : 'applied',
      counts: {
        applied: Math.max(0, desired.length - failed - drifted),
        pending: waiting.length,
        failed,
        drifted,
      },
      outcomes,
      reason: null,
    });
    if (failed > 0) this.#retrySoon();
  }

  /** Keeps what is in force, when that changed. A store that does not take it costs the restart without a hub, not the enforcement. */
  async #keep(): Promise<void> {
    if (!this.#effective) return;
    const { grant, owned } = this.#effective;
    const now = this.#writer.owned();
    const kept = `${grant.signature} ${this.#ends.count}`;
    if (this.#kept === kept && JSON.stringify(owned) === JSON.stringify(now)) return;
    const atMs = this.#ends.nowMs();
    this.#effective = { ...this.#effective, owned: now, atMs };
    try {
      await writeLastSet(this.#parts.store, this.#effective);
      this.#kept = kept;
    } catch (error) {
      this.#parts.logger.error({ error: wordsOf(error) }, 'the set in force could not be kept');
    }
  }

  /** Reports only what is new: the same state twice says nothing. */
  async #report(
    { sequence, digest }: SignedGrant,
    result: Pick<Report, 'phase' | 'counts' | 'reason'> & {
      readonly outcomes: readonly ObjectOutcome[];
    },
  ): Promise<void> {
    const told = { ...result, ...bounded(result.outcomes), running: this.running().digest };
    const content = JSON.stringify([sequence, digest, told]);
    if (content === this.#lastReport && !this.#writer.hasRepaired()) return;
    this.#lastReport = content;
    await this.#parts.report({
      ...told,
      sequence,
      digest,
      repairs: this.#writer.takeRepairs(),
      atMs: this.#parts.nowMs(),
    });
  }

  /** A kind that came is watched from now on, and the hub hears of it. */
  async #lookForKinds(): Promise<void> {
    try {
      if (!(await this.#live.open()) || this.#isStopped) return;
      this.#capabilities = undefined;
      this.#parts.onCapabilities();
      this.#turnSoon();
    } catch (error) {
      this.#parts.logger.warn({ error: wordsOf(error) }, 'the served kinds cannot be read now');
    }
  }

  /** Many events make one turn. */
  #turnSoon(): void {
    if (this.#isDue || this.#isStopped || !this.#isOpen) return;
    this.#isDue = true;
    void this.#serially(() => {
      this.#isDue = false;
      return this.#turn();
    }).catch((error: unknown) => {
      this.#parts.logger.warn({ error: wordsOf(error) }, 'a turn failed');
      this.#retrySoon();
    });
  }

  #retrySoon(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#turnSoon(), RETRY_MS);
    this.#retry.unref();
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turns.then(work);
    this.#turns = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}

function countOf(outcomes: readonly ObjectOutcome[], state: ObjectOutcome['state']): number {
  return outcomes.filter((outcome) => outcome.state === state).length;
}
