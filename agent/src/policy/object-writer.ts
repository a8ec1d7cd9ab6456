import type { ObjectOutcome } from '@picket/agent-protocol';
import { isStamped } from '@picket/compiler';
import { canonicalJson } from '@picket/kernel';
import type { Logger } from 'pino';

import { wordsOf } from '../words-of.ts';
import { Brackets, isBracket } from './bracket.ts';
import type { DesiredObject } from './desired.ts';
import { contentOf, fingerprintOfLive } from './fingerprint.ts';
import { inParallel } from './in-parallel.ts';
import { type KubeApi, type KubeObject, KubeRefused } from './kube-api.ts';
import { collectionPath, kindOf, objectKey, objectPath } from './kinds.ts';
import { ADOPTED, isAppliedByUs, type LiveObject, type LiveObjects } from './live-objects.ts';
import type { Owned } from './last-set.ts';
import { outcomeOf } from './outcome.ts';
import { type Applied, CLOSES, effectRank, type Plan, planChanges } from './plan-changes.ts';
import { settle } from './settle.ts';

/** How an object may be written: `no`, or with which precautions. */
type Claim =
  | { readonly may: false }
  | {
      readonly may: true;
      /** Whether fields that others set are taken over. */
      readonly force: boolean;
      /** Only while the object is still this one. */
      readonly resourceVersion?: string;
      readonly isAdopted: boolean;
    };

/** An object that the API server does not take, and why. */
export interface Refusal {
  readonly object: DesiredObject;
  readonly outcome: ObjectOutcome;
}

interface Step {
  readonly key: string;
  readonly namespace: string | undefined;
  /** See effectRank. */
  readonly rank: number;
  readonly work: () => Promise<ObjectOutcome | undefined>;
  readonly failed: (words: string) => ObjectOutcome;
}

/** Writes policy objects and remembers what it wrote, and what they looked like right after. */
export class ObjectWriter {
  readonly #api: KubeApi;
  readonly #live: LiveObjects;
  readonly #logger: Logger;
  readonly #applied = new Map<string, Applied>();
  readonly #owned = new Set<string>();
  #repairs = 0;

  constructor(api: KubeApi, live: LiveObjects, logger: Logger) {
    this.#api = api;
    this.#live = live;
    this.#logger = logger;
  }

  /** The inventory: what we made or adopted, sorted by key. */
  owned(): Owned[] {
    return [...this.#owned].toSorted().map((key) => {
      const { desired = '', live = '' } = this.#applied.get(key) ?? {};
      return [key, desired, live];
    });
  }

  /** What an earlier run of this agent owned: what still looks as it left it needs no write. */
  takeUp(owned: readonly Owned[]): void {
    for (const [key, desired, live] of owned) {
      this.#owned.add(key);
      this.#applied.set(key, { desired, live });
    }
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
    const live = this.#live.ours();
    this.#forget(new Set(desired.map(({ key }) => key)), live);
    const owned = new Set([...this.#owned, ...[...live.keys()].filter(isBracket)]);
    return planChanges({ desired, live, owned, applied: this.#applied });
  }

  /** What the API server would refuse. Throws when it does not answer at all. */
  async dryRun(objects: readonly DesiredObject[]): Promise<Refusal[]> {
    const refused: Refusal[] = [];
    await inParallel(objects, async (object) => {
      try {
        const claim = await this.#claim(object);
        if (claim.may) await this.#apply(object, claim, true);
      } catch (error) {
        if (!(error instanceof KubeRefused)) throw error;
        if (!isNamespaceGone(error))
          refused.push({ object, outcome: outcomeOf(object.manifest, 'failed', error.message) });
      }
    });
    return refused;
  }

  /** Writes in the order of {@link planChanges}. Returns what is not in place afterwards. */
  write(objects: readonly DesiredObject[]): Promise<ObjectOutcome[]> {
    const steps = objects.map((object): Step => {
      const { key, manifest } = object;
      return {
        key,
        namespace: namespaceToBracket(manifest),
        rank: effectRank(manifest),
        work: () => this.#writeOne(object),
        failed: (words) => outcomeOf(manifest, 'failed', words),
      };
    });
    return this.#inOrder(steps, true);
  }

  /** Deletes live objects of ours by key, and gives back what was adopted. Returns what could not be done. */
  prune(keys: readonly string[]): Promise<ObjectOutcome[]> {
    const ours = this.#live.ours();
    const steps = keys.flatMap((key): Step[] => {
      const live = ours.get(key);
      if (!live) return [];
      const { object, rank } = live;
      const failed = (words: string): ObjectOutcome =>
        outcomeOf(object, 'failed', `Prune: ${words}`);
      const work = (): Promise<ObjectOutcome | undefined> =>
        this.#pruneOne(key, live).then(
          () => undefined,
          (error: unknown) => failed(wordsOf(error)),
        );
      return [{ key, namespace: namespaceToBracket(object), rank, work, failed }];
    });
    return this.#inOrder(steps, false);
  }

  /**
   * Cluster-wide objects one after another, the namespaces between those that open and those that close; in a namespace a bracket holds its
   * policies together (decision 8).
   */
  async #inOrder(steps: readonly Step[], areNew: boolean): Promise<ObjectOutcome[]> {
    const outcomes: ObjectOutcome[] = [];
    const brackets = new Brackets({
      api: this.#api,
      logger: this.#logger,
      kinds: this.#live.kinds(),
    });
    const run = async (some: readonly Step[]): Promise<void> => {
      for (const { work } of some) {
        const outcome = await work();
        if (outcome) outcomes.push(outcome);
      }
    };
    const clusterWide = steps.filter(({ namespace }) => namespace === undefined);
    const [opening, closing] = [
      clusterWide.filter(({ rank }) => rank < CLOSES),
      clusterWide.filter(({ rank }) => rank >= CLOSES),
    ];
    const inNamespaces = Map.groupBy(
      steps.filter(({ namespace }) => namespace !== undefined),
      ({ namespace = '' }) => namespace,
    );
    await run(areNew ? opening : closing);
    await inParallel([...inNamespaces], async ([namespace, members]) => {
      const keys = new Set(members.map(({ key }) => key));
      try {
        await brackets.around(namespace, { keys, areNew }, () => run(members));
      } catch (error) {
        outcomes.push(...members.map(({ failed }) => failed(wordsOf(error))));
      }
    });
    await run(areNew ? closing : opening);
    return outcomes;
  }

  async #writeOne(object: DesiredObject): Promise<ObjectOutcome | undefined> {
    const { key, manifest, adoption, fingerprint } = object;
    try {
      const claim = await this.#claim(object);
      if (!claim.may)
        return outcomeOf(
          manifest,
          'foreign',
          `An object of this name is there and not ours; adoption ${adoption} leaves it alone`,
        );
      const isRepair = this.#applied.get(key)?.desired === fingerprint;
      const live = await settle(this.#api, manifest, await this.#apply(object, claim, false));
      if (isRepair) this.#repairs += 1;
      this.#owned.add(key);
      this.#applied.set(key, { desired: fingerprint, live: fingerprintOfLive(live) });
      this.#live.remember(live);
    } catch (error) {
      if (!isNamespaceGone(error)) return outcomeOf(manifest, 'failed', wordsOf(error));
    }
    return undefined;
  }

  async #pruneOne(
    key: string,
    { object, isAdopted, labels, annotations }: LiveObject,
  ): Promise<void> {
    const path = objectPath(object);
    if (isAdopted) {
      const none = (names: readonly string[]): object =>
        Object.fromEntries(names.map((name) => [name, null]));
      await this.#api.merge(path, {
        metadata: { labels: none(labels), annotations: none(annotations) },
      });
    } else await this.#api.delete(path, object.metadata.uid);
    this.#applied.delete(key);
    this.#owned.delete(key);
  }

  /** What is neither wanted nor there needs no place in the inventory. */
  #forget(wanted: ReadonlySet<string>, live: ReadonlyMap<string, LiveObject>): void {
    for (const key of this.#owned)
      if (!wanted.has(key) && !live.has(key) && this.#live.knows(key)) {
        this.#owned.delete(key);
        this.#applied.delete(key);
      }
  }

  /**
   * Whether and how we may write this object (decision 7): by force what is ours, so that a hand edit is taken back; never by force what
   * was not there a moment ago, or somebody may have made it meanwhile; what a person made only as its adoption mode says.
   */
  async #claim({ key, manifest, adoption }: DesiredObject): Promise<Claim> {
    const ours = this.#live.ours().get(key);
    if (ours || this.#owned.has(key))
      return { may: true, force: true, isAdopted: ours?.isAdopted ?? false };
    const live = await this.#api.find<KubeObject>(objectPath(manifest));
    if (!live) return { may: true, force: false, isAdopted: false };
    const isMine = isAppliedByUs(live) && isStamped(live.metadata.labels ?? {});
    if (isMine) return { may: true, force: true, isAdopted: isMarkedAdopted(live) };
    const { resourceVersion } = live.metadata;
    const taken: Claim = {
      may: true,
      force: true,
      isAdopted: true,
      ...(resourceVersion !== undefined && { resourceVersion }),
    };
    if (adoption === 'Always') return taken;
    if (adoption === 'Never') return { may: false };
    return (await this.#wouldEqual(manifest, live)) ? taken : { may: false };
  }

  /** Whether the API server would make of our manifest alone, its defaults filled in, just what is there. */
  async #wouldEqual(manifest: DesiredObject['manifest'], live: KubeObject): Promise<boolean> {
    const { name: _, ...metadata } = manifest.metadata;
    const alone = await this.#api.create(
      collectionPath(kindOf(manifest), metadata.namespace),
      { ...manifest, metadata: { ...metadata, generateName: 'picket-' } },
      { dryRun: true },
    );
    return canonicalJson(contentOf(alone)) === canonicalJson(contentOf(live));
  }

  #apply(
    { manifest }: DesiredObject,
    claim: Extract<Claim, { may: true }>,
    dryRun: boolean,
  ): Promise<KubeObject> {
    const { force, resourceVersion, isAdopted } = claim;
    const metadata = {
      ...manifest.metadata,
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(isAdopted && { annotations: { ...manifest.metadata.annotations, [ADOPTED]: 'true' } }),
    };
    return this.#api.apply(objectPath(manifest), { ...manifest, metadata }, { force, dryRun });
  }
}

function isMarkedAdopted({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[ADOPTED] !== undefined;
}

/** Only NetworkPolicies isolate by being there, so only they are bracketed. */
function namespaceToBracket(object: Parameters<typeof objectKey>[0]): string | undefined {
  return object.apiVersion === 'networking.k8s.io/v1' ? object.metadata.namespace : undefined;
}

/** The namespace went away in between: nothing to write, nothing wrong. */
function isNamespaceGone(error: unknown): boolean {
  if (!(error instanceof KubeRefused)) return false;
  return (
    (error.status === 404 && error.message.startsWith('namespaces ')) ||
    (error.status === 403 && error.message.includes('being terminated'))
  );
}
