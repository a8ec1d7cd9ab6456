import { createHash } from 'node:crypto';

import type { Capabilities, ObjectOutcome, SignedGrant } from '@picket/agent-protocol';
import type { Manifest, PolicySet } from '@picket/compiler';
import { canonicalJson, type Json } from '@picket/kernel';
import { kindKey, MANIFEST_KINDS } from '@picket/policy';
import type { Logger } from 'pino';

import type { Report } from '../link/spool.ts';
import type { StateStore } from '../link/state-store.ts';
import { withBracket } from './bracket.ts';
import { readCapabilities } from './capabilities.ts';
import { type DesiredObject, expandSet, type LiveNamespace } from './desired.ts';
import { FIELD_MANAGER, type KubeApi, type KubeObject, KubeRefused } from './kube-api.ts';
import { collectionPath, objectKey, objectPath } from './kinds.ts';
import { type LastSet, readLastSet, writeLastSet } from './last-set.ts';
import { type Applied, planChanges } from './plan-changes.ts';
import { Watch } from './watch.ts';

const OURS = 'app.kubernetes.io/managed-by=picket';
const OUTCOMES_MAX = 500;
const MESSAGE_MAX = 2_000;
const CAPABILITIES_MS = 60_000;
const RETRY_MS = 5_000;

interface Parts {
  readonly api: KubeApi;
  readonly store: StateStore;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly report: (report: Report) => Promise<void>;
}

interface Effective extends LastSet {
  readonly set: PolicySet;
}

/**
 * Makes the cluster have what the effective set says, and keeps it so.
 *
 * One turn at a time compares all that must be there with all that is there, so a lost event costs nothing but time. A new set becomes
 * effective only when the API server has taken all of it in a dry run (decision 8); until then the old one is held.
 */
export class Enforcer {
  readonly #parts: Parts;
  readonly #watches = new Map<string, Watch>();
  #namespaces: Watch | undefined;
  #effective: Effective | undefined;
  readonly #applied = new Map<string, Applied>();
  readonly #owned = new Set<string>();
  #capabilities: { value: Capabilities; atMs: number } | undefined;
  #turns: Promise<void> = Promise.resolve();
  #isDue = false;
  #retry: NodeJS.Timeout | undefined;
  #repairs = 0;
  #lastReport = '';
  #isStopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes up the last set, before any word from the hub. */
  async start(): Promise<void> {
    const { store, logger } = this.#parts;
    const last = await readLastSet(store).catch((error: unknown) => {
      logger.error({ error: String(error) }, 'the last set cannot be read');
      return undefined;
    });
    if (last) {
      this.#effective = { ...last, set: JSON.parse(last.text) as PolicySet };
      for (const key of last.owned) this.#owned.add(key);
      logger.info(
        { digest: last.grant.digest, sequence: last.grant.sequence },
        'the last set is taken up',
      );
    }
    await this.#openWatches();
    this.#turnSoon();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    await Promise.all([this.#namespaces, ...this.#watches.values()].map((watch) => watch?.stop()));
    await this.#turns;
  }

  running(): { digest: string | null; sequence: number; notAfter: number } {
    const grant = this.#effective?.grant;
    return {
      digest: grant?.digest ?? null,
      sequence: grant?.sequence ?? 0,
      notAfter: grant?.notAfter ?? 0,
    };
  }

  async capabilities(): Promise<Capabilities> {
    const { api, nowMs } = this.#parts;
    if (!this.#capabilities || nowMs() - this.#capabilities.atMs > CAPABILITIES_MS) {
      this.#capabilities = { value: await readCapabilities(api), atMs: nowMs() };
      await this.#openWatches();
    }
    return this.#capabilities.value;
  }

  /** Follows a grant: a renewal is written down, a new set is tried and becomes effective or is reported as failed. */
  run(grant: SignedGrant, text: string | undefined): Promise<void> {
    return this.#serially(async () => {
      if (text === undefined) {
        if (!this.#effective) return;
        this.#effective = { ...this.#effective, grant };
        await this.#keep();
        this.#lastReport = '';
        return this.#turn();
      }
      await this.#adopt({ grant, text, owned: [], set: JSON.parse(text) as PolicySet });
    });
  }

  /** Dry-runs what the set would change; nothing is written before all of it is accepted. */
  async #adopt(next: Effective): Promise<void> {
    const { logger } = this.#parts;
    const { desired } = expandSet(next.set, this.#liveNamespaces());
    const { applies } = this.#plan(desired);
    const outcomes: ObjectOutcome[] = [];
    for (const object of applies)
      try {
        if ((await this.#claim(object)) === 'ours') await this.#apply(object.manifest, true);
      } catch (error) {
        if (!(error instanceof KubeRefused) || isGone(error)) throw error;
        outcomes.push(outcomeOf(object.manifest, 'failed', error.message));
      }
    if (outcomes.length > 0) {
      logger.error(
        { digest: next.grant.digest, refused: outcomes.length },
        'the API server refuses part of the set; nothing of it was written',
      );
      const counts = {
        applied: 0,
        pending: desired.length - outcomes.length,
        failed: outcomes.length,
        drifted: 0,
      };
      return this.#report(
        next.grant,
        'failed',
        counts,
        outcomes,
        'The API server refuses part of the set, so nothing of it was written and the old one stays',
      );
    }
    this.#effective = next;
    await this.#keep();
    return this.#turn();
  }

  /** Compares, writes, prunes, reports. Safe at any time, in any state. */
  async #turn(): Promise<void> {
    const effective = this.#effective;
    if (!effective || this.#isStopped) return;
    const { desired, waiting } = expandSet(effective.set, this.#liveNamespaces());
    const { applies, prunes } = this.#plan(desired);
    const outcomes = waiting.map(({ manifest }) =>
      outcomeOf(manifest, 'pending', 'The namespace does not exist'),
    );
    await this.#applyAll(applies, outcomes);
    // What could not be written may be what the pruned objects stood in for.
    if (outcomes.every(({ state }) => state !== 'failed')) await this.#prune(prunes, outcomes);
    await this.#keep();
    const failed = outcomes.filter(({ state }) => state === 'failed').length;
    const foreign = outcomes.filter(({ state }) => state === 'foreign').length;
    const counts = {
      applied: desired.length - failed - foreign,
      pending: waiting.length,
      failed,
      drifted: foreign,
    };
    await this.#report(effective.grant, failed > 0 ? 'failed' : 'applied', counts, outcomes, null);
    if (failed > 0) this.#retrySoon();
  }

  async #applyAll(applies: readonly DesiredObject[], outcomes: ObjectOutcome[]): Promise<void> {
    // Ranks keep their order over the whole cluster; within a namespace a bracket holds the new policies together.
    const isBracketed = ({ manifest }: DesiredObject): boolean =>
      manifest.apiVersion === 'networking.k8s.io/v1';
    const clusterWide = applies.filter((object) => !isBracketed(object));
    const early = clusterWide.filter(({ manifest }) => !hasDeny(manifest));
    for (const object of early) await this.#applyOne(object, outcomes);
    const byNamespace = Map.groupBy(
      applies.filter((object) => isBracketed(object)),
      ({ manifest }) => manifest.metadata.namespace ?? '',
    );
    for (const [namespace, objects] of byNamespace) {
      const write = async (): Promise<void> => {
        for (const object of objects) await this.#applyOne(object, outcomes);
      };
      try {
        await withBracket(this.#parts.api, namespace, objects.length, write);
      } catch (error) {
        outcomes.push(
          ...objects.map(({ manifest }) => outcomeOf(manifest, 'failed', String(error))),
        );
      }
    }
    for (const object of clusterWide)
      if (!early.includes(object)) await this.#applyOne(object, outcomes);
  }

  async #applyOne(object: DesiredObject, outcomes: ObjectOutcome[]): Promise<void> {
    const { key, manifest } = object;
    try {
      if ((await this.#claim(object)) === 'foreign') {
        outcomes.push(
          outcomeOf(
            manifest,
            'foreign',
            `An object of this name is there and not ours; adoption ${object.adoption} leaves it alone`,
          ),
        );
        return;
      }
      const wasApplied = this.#applied.get(key)?.desired === fingerprint(manifest);
      const live = await this.#apply(manifest, false);
      if (wasApplied) this.#repairs += 1;
      this.#owned.add(key);
      this.#applied.set(key, { desired: fingerprint(manifest), live: fingerprintOfLive(live) });
      this.#remember(live);
    } catch (error) {
      if (error instanceof KubeRefused && isGone(error)) return;
      outcomes.push(
        outcomeOf(manifest, 'failed', error instanceof Error ? error.message : String(error)),
      );
    }
  }

  async #prune(keys: readonly string[], outcomes: ObjectOutcome[]): Promise<void> {
    for (const key of keys) {
      const live = this.#ours().get(key);
      if (!live) continue;
      try {
        await this.#parts.api.delete(objectPath(live), live.metadata.uid);
        this.#owned.delete(key);
        this.#applied.delete(key);
      } catch (error) {
        outcomes.push(
          outcomeOf(
            live as unknown as Manifest,
            'failed',
            `Prune: ${error instanceof Error ? error.message : String(error)}`,
          ),
        );
      }
    }
    for (const key of this.#owned)
      if (!this.#ours().has(key) && !this.#applied.has(key)) this.#owned.delete(key);
  }

  /** Whether we may write this object: it is not there, it is ours, or its adoption mode lets us have it (decision 7). */
  async #claim({ key, manifest, adoption }: DesiredObject): Promise<'ours' | 'foreign'> {
    if (this.#ours().has(key) || adoption === 'Always') return 'ours';
    const live = await this.#parts.api.find<KubeObject>(objectPath(manifest));
    if (!live || isManagedByUs(live)) return 'ours';
    if (adoption === 'Never') return 'foreign';
    const result = await this.#apply(manifest, true);
    return canonical(result.spec) === canonical(live.spec) ? 'ours' : 'foreign';
  }

  /** We are the only manager of what is ours, so a hand edit is taken back by force. */
  #apply(manifest: Manifest, dryRun: boolean): Promise<KubeObject> {
    return this.#parts.api.apply(objectPath(manifest), manifest, { force: true, dryRun });
  }

  #plan(desired: readonly DesiredObject[]): ReturnType<typeof planChanges> {
    const live = new Map(
      [...this.#ours()].map(([key, object]) => [key, fingerprintOfLive(object)]),
    );
    return planChanges({ desired, live, applied: this.#applied, fingerprint });
  }

  /** Live objects with our label that our manager wrote; a label alone proves nothing. */
  #ours(): Map<string, KubeObject> {
    const ours = new Map<string, KubeObject>();
    for (const watch of this.#watches.values())
      for (const object of watch.objects.values())
        if (isManagedByUs(object)) ours.set(objectKey(object), object);
    return ours;
  }

  /** Our own write, before the watch tells of it: the next turn must not take it for missing. */
  #remember(live: KubeObject): void {
    const { namespace = '', name } = live.metadata;
    this.#watches.get(kindKey(live))?.objects.set(`${namespace}/${name}`, live);
  }

  #liveNamespaces(): LiveNamespace[] {
    return [...(this.#namespaces?.objects.values() ?? [])].map(({ metadata }) => ({
      name: metadata.name,
      labels: metadata.labels ?? {},
      isTerminating: metadata.deletionTimestamp !== undefined,
    }));
  }

  async #openWatches(): Promise<void> {
    const { api, logger } = this.#parts;
    const changed = (): void => this.#turnSoon();
    this.#namespaces ??= new Watch(
      api,
      { path: '/api/v1/namespaces', apiVersion: 'v1', kind: 'Namespace' },
      changed,
      logger,
    );
    for (const kind of MANIFEST_KINDS) {
      const key = kindKey(kind);
      if (this.#watches.has(key) || !(await this.#isServed(kind))) continue;
      this.#watches.set(
        key,
        new Watch(api, { path: collectionPath(kind), selector: OURS, ...kind }, changed, logger),
      );
    }
    await Promise.all([this.#namespaces, ...this.#watches.values()].map((watch) => watch.synced));
  }

  async #isServed({
    apiVersion,
    plural,
  }: {
    apiVersion: string;
    plural: string;
  }): Promise<boolean> {
    const list = await this.#parts.api.find<{ resources: readonly { name: string }[] }>(
      `/apis/${apiVersion}`,
    );
    return list?.resources.some(({ name }) => name === plural) ?? false;
  }

  async #keep(): Promise<void> {
    if (!this.#effective) return;
    const { grant, text, owned } = this.#effective;
    const now = [...this.#owned].toSorted();
    const isSame =
      owned.length === now.length &&
      owned.every((key, index) => key === now[index]) &&
      this.#kept === grant.signature;
    if (isSame) return;
    this.#effective = { ...this.#effective, owned: now };
    await writeLastSet(this.#parts.store, { grant, text, owned: now });
    this.#kept = grant.signature;
  }

  #kept = '';

  /** Reports only what is new: the same state twice says nothing. */
  async #report(
    grant: SignedGrant,
    phase: Report['phase'],
    counts: Report['counts'],
    outcomes: readonly ObjectOutcome[],
    reason: string | null,
  ): Promise<void> {
    const content = JSON.stringify([grant.sequence, grant.digest, phase, counts, outcomes, reason]);
    if (content === this.#lastReport && this.#repairs === 0) return;
    this.#lastReport = content;
    const repairs = this.#repairs;
    this.#repairs = 0;
    await this.#parts.report({
      sequence: grant.sequence,
      digest: grant.digest,
      phase,
      counts,
      outcomes: outcomes.slice(0, OUTCOMES_MAX),
      outcomesDropped: Math.max(0, outcomes.length - OUTCOMES_MAX),
      repairs,
      atMs: this.#parts.nowMs(),
      reason,
    });
  }

  /** Many events make one turn. */
  #turnSoon(): void {
    if (this.#isDue || this.#isStopped) return;
    this.#isDue = true;
    void this.#serially(() => {
      this.#isDue = false;
      return this.#turn();
    }).catch((error: unknown) => {
      this.#parts.logger.warn({ error: String(error) }, 'a turn failed');
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

/** The namespace went away in between: nothing to write, nothing wrong. */
function isGone({ status, message }: KubeRefused): boolean {
  return status === 404 || (status === 403 && message.includes('being terminated'));
}

function hasDeny({ spec }: Manifest): boolean {
  return JSON.stringify(spec).includes('"action":"Deny"');
}

function isManagedByUs({ metadata }: KubeObject): boolean {
  return (
    metadata.managedFields?.some(
      ({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply',
    ) ?? false
  );
}

/** What of an object is ours to decide. */
function fingerprint({ spec, metadata }: Pick<Manifest, 'spec' | 'metadata'>): string {
  return hash({ spec, labels: metadata.labels, annotations: metadata.annotations });
}

function fingerprintOfLive({ spec, metadata }: KubeObject): string {
  return hash({ spec: spec as Json, labels: metadata.labels, annotations: metadata.annotations });
}

function hash(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('base64url');
}

function canonical(value: unknown): string {
  return canonicalJson((value ?? null) as Json);
}

function outcomeOf(
  manifest: Manifest,
  state: ObjectOutcome['state'],
  message: string,
): ObjectOutcome {
  const { name, namespace } = manifest.metadata;
  return {
    kind: kindKey(manifest),
    namespace: namespace ?? null,
    name,
    state,
    message: message.slice(0, MESSAGE_MAX),
  };
}
