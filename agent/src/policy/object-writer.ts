import { createHash } from 'node:crypto';

import type { ObjectOutcome } from '@picket/agent-protocol';
import type { Manifest } from '@picket/compiler';
import { canonicalJson, type Json } from '@picket/kernel';
import { kindKey } from '@picket/policy';

import { withBracket } from './bracket.ts';
import type { DesiredObject } from './desired.ts';
import { type KubeApi, type KubeObject, KubeRefused } from './kube-api.ts';
import { objectPath } from './kinds.ts';
import { isManagedByUs, type LiveObjects } from './live-objects.ts';
import { type Applied, opensOnly, type Plan, planChanges } from './plan-changes.ts';

const MESSAGE_MAX = 2_000;
/** Requests at once to the API server: enough to hide its latency, few enough to leave it alone. */
const PARALLEL = 8;

/** Writes policy objects and remembers what it wrote, and what they looked like right after. */
export class ObjectWriter {
  readonly #api: KubeApi;
  readonly #live: LiveObjects;
  readonly #applied = new Map<string, Applied>();
  readonly #owned = new Set<string>();
  #repairs = 0;

  constructor(api: KubeApi, live: LiveObjects) {
    this.#api = api;
    this.#live = live;
  }

  /** Keys of what we made or adopted, sorted. */
  owned(): string[] {
    return [...this.#owned].toSorted();
  }

  /** What an earlier run of this agent owned. */
  takeUp(owned: readonly string[]): void {
    for (const key of owned) this.#owned.add(key);
  }

  /** How often drift was repaired since the last call. */
  takeRepairs(): number {
    const repairs = this.#repairs;
    this.#repairs = 0;
    return repairs;
  }

  hasRepaired(): boolean {
    return this.#repairs > 0;
  }

  plan(desired: readonly DesiredObject[]): Plan {
    const live = new Map(
      [...this.#live.ours()].map(([key, object]) => [key, fingerprintOfLive(object)]),
    );
    return planChanges({ desired, live, applied: this.#applied, fingerprint });
  }

  /** What the API server would refuse. Throws when it does not answer at all. */
  async dryRun(objects: readonly DesiredObject[]): Promise<ObjectOutcome[]> {
    const refused: ObjectOutcome[] = [];
    await inParallel(objects, async (object) => {
      try {
        if ((await this.#claim(object)) === 'ours') await this.#apply(object.manifest, true);
      } catch (error) {
        if (!(error instanceof KubeRefused)) throw error;
        if (!isGone(error)) refused.push(outcomeOf(object.manifest, 'failed', error.message));
      }
    });
    return refused;
  }

  /**
   * Writes in the order of {@link planChanges}: what opens cluster-wide, then namespaces, then what closes cluster-wide. Within a namespace
   * a bracket holds the new policies together (decision 8). Returns what is not in place afterwards.
   */
  async write(objects: readonly DesiredObject[]): Promise<ObjectOutcome[]> {
    const outcomes: ObjectOutcome[] = [];
    const one = async (object: DesiredObject): Promise<void> => {
      const outcome = await this.#writeOne(object);
      if (outcome) outcomes.push(outcome);
    };
    const isNamespaced = ({ manifest }: DesiredObject): boolean =>
      manifest.apiVersion === 'networking.k8s.io/v1';
    const clusterWide = objects.filter((object) => !isNamespaced(object));
    for (const object of clusterWide.filter(({ manifest }) => opensOnly(manifest)))
      await one(object);
    const namespaces = Map.groupBy(
      objects.filter((object) => isNamespaced(object)),
      ({ manifest }) => manifest.metadata.namespace ?? '',
    );
    await inParallel([...namespaces], async ([namespace, members]) => {
      try {
        await withBracket(this.#api, namespace, members.length, async () => {
          for (const object of members) await one(object);
        });
      } catch (error) {
        outcomes.push(
          ...members.map(({ manifest }) => outcomeOf(manifest, 'failed', wordsOf(error))),
        );
      }
    });
    for (const object of clusterWide.filter(({ manifest }) => !opensOnly(manifest)))
      await one(object);
    return outcomes;
  }

  /** Deletes live objects of ours by key. Returns what could not be deleted. */
  async prune(keys: readonly string[]): Promise<ObjectOutcome[]> {
    const outcomes: ObjectOutcome[] = [];
    const ours = this.#live.ours();
    for (const key of keys) {
      const live = ours.get(key);
      if (!live) continue;
      try {
        await this.#api.delete(objectPath(live), live.metadata.uid);
        this.#applied.delete(key);
        this.#owned.delete(key);
      } catch (error) {
        outcomes.push(outcomeOf(live, 'failed', `Prune: ${wordsOf(error)}`));
      }
    }
    for (const key of this.#owned) if (!ours.has(key)) this.#owned.delete(key);
    return outcomes;
  }

  async #writeOne(object: DesiredObject): Promise<ObjectOutcome | undefined> {
    const { key, manifest, adoption } = object;
    try {
      if ((await this.#claim(object)) === 'foreign')
        return outcomeOf(
          manifest,
          'foreign',
          `An object of this name is there and not ours; adoption ${adoption} leaves it alone`,
        );
      const wanted = fingerprint(manifest);
      const isRepair = this.#applied.get(key)?.desired === wanted;
      const live = await this.#apply(manifest, false);
      if (isRepair) this.#repairs += 1;
      this.#owned.add(key);
      this.#applied.set(key, { desired: wanted, live: fingerprintOfLive(live) });
      this.#live.remember(live);
    } catch (error) {
      if (!(error instanceof KubeRefused && isGone(error)))
        return outcomeOf(manifest, 'failed', wordsOf(error));
    }
    return undefined;
  }

  /** Whether we may write this object: it is not there, it is ours, or its adoption mode lets us have it (decision 7). */
  async #claim({ key, manifest, adoption }: DesiredObject): Promise<'ours' | 'foreign'> {
    if (adoption === 'Always' || this.#live.ours().has(key)) return 'ours';
    const live = await this.#api.find<KubeObject>(objectPath(manifest));
    if (!live || isManagedByUs(live)) return 'ours';
    if (adoption === 'Never') return 'foreign';
    const result = await this.#apply(manifest, true);
    return canonicalJson((result.spec ?? null) as Json) ===
      canonicalJson((live.spec ?? null) as Json)
      ? 'ours'
      : 'foreign';
  }

  /** By force: what is ours nobody else decides, so a hand edit is taken back. */
  #apply(manifest: Manifest, dryRun: boolean): Promise<KubeObject> {
    return this.#api.apply(objectPath(manifest), manifest, { force: true, dryRun });
  }
}

export function outcomeOf(
  object: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'> | Manifest,
  state: ObjectOutcome['state'],
  message: string,
): ObjectOutcome {
  const { name, namespace } = object.metadata;
  return {
    kind: kindKey(object),
    namespace: namespace ?? null,
    name,
    state,
    message: message.slice(0, MESSAGE_MAX),
  };
}

/** The namespace went away in between: nothing to write, nothing wrong. */
function isGone({ status, message }: KubeRefused): boolean {
  return status === 404 || (status === 403 && message.includes('being terminated'));
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const lanes = Array.from({ length: Math.min(PARALLEL, items.length) }, async () => {
    for (const item of queue) await work(item);
  });
  await Promise.all(lanes);
}
