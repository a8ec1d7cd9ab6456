import { compare, rangeText, type Connectivity } from '../engine/connectivity.ts';
import { compile } from '../engine/engine.ts';
import type { ConnectivityOptions, Input } from '../model/evaluator.ts';
import type { Workload } from '../model/inventory.ts';
import { DIRECTIONS, type Direction } from '../model/policy.ts';
import { DEFAULT_SEMANTICS, type Semantics } from '../model/semantics.ts';
import { isEmpty, union } from '../reference/connections.ts';
import { BindingPolicies } from '../reference/binding-policies.ts';
import { podEndpoint, type PodEndpoint } from '../reference/endpoint.ts';
import { exposedPeerText, type ExposedPeer } from './exposed-peer.ts';
import { isWithin, reachOf, unionOf, type Reach } from './hypothetical-reach.ts';
import { Representatives } from './representatives.ts';

/** What one workload is open to beyond the workloads that are known, in one direction. */
export interface WorkloadExposure {
  /** `namespace/owner[Kind]`. */
  readonly workload: string;
  readonly direction: Direction;
  /** Whether any policy says something about this direction of it. */
  readonly isProtected: boolean;
  /** The cluster, then outside addresses, then pods by text; empty when only known workloads can. */
  readonly peers: readonly Exposure[];
}

export interface Exposure extends Reach {
  readonly peer: ExposedPeer;
}

/**
 * For every workload and direction, which peers beyond those of the inventory could reach it or be reached: any pod, pods that rules pick
 * by labels, outside addresses. Sorted by workload, egress first. What is not known counts as open.
 *
 * Pods that rules pick are listed with what rules for exactly their selectors, or for everyone, say; a wider selector that opens something
 * else has its own line. They are left out where the whole cluster can do as much, or where a rule names known pods by their very labels.
 * Policies that would bind such a pod are not asked: nobody knows its labels. Nor are networks that hold some addresses only: they are
 * listed as outside addresses, although a pod may have one of them.
 */
export function exposure(
  input: Input,
  { families = [4, 6] }: ConnectivityOptions = {},
): WorkloadExposure[] {
  const { reaches } = compile(input);
  const unseen = new Unseen(input);
  return reaches.owners.flatMap((workload, owner) =>
    DIRECTIONS.map((direction): WorkloadExposure => {
      const outside = families.flatMap((family) => outsideOf(reaches, owner, family, direction));
      const { isProtected, cluster, pods } = unseen.exposureOf(workload, direction);
      return { workload, direction, isProtected, peers: [...cluster, ...outside, ...pods] };
    }),
  );
}

function outsideOf(
  of: Connectivity,
  owner: number,
  family: 4 | 6,
  direction: Direction,
): Exposure[] {
  return of
    .rangesOf(owner, family, direction === 'egress' ? 'from' : 'to')
    .map((range): Exposure => {
      const { connections, unknown } = of.reaches.describe(range.reach);
      return {
        peer: { kind: 'outside', range: rangeText(range) },
        connections: unknown ? union([connections, unknown]) : connections,
        namedPorts: [],
      };
    })
    .filter(({ connections }) => !isEmpty(connections));
}

interface UnseenExposure {
  readonly isProtected: boolean;
  readonly cluster: readonly Exposure[];
  readonly pods: readonly Exposure[];
}

/** Pods that nobody has seen yet. */
class Unseen {
  readonly #policies: BindingPolicies;
  readonly #semantics: Semantics;
  readonly #representatives: Representatives;
  readonly #owners: ReadonlyMap<string, readonly PodEndpoint[]>;

  constructor(input: Input) {
    this.#semantics = { ...DEFAULT_SEMANTICS, ...input.semantics };
    this.#policies = new BindingPolicies(input.policies, this.#semantics);
    this.#representatives = new Representatives(input.policies, input.inventory);
    this.#owners = replicasOf(input);
  }

  exposureOf(owner: string, direction: Direction): UnseenExposure {
    const bound = (this.#owners.get(owner) ?? []).map((own) => ({
      own,
      policies: this.#policies.of(own).filter((policy) => policy[direction]),
    }));
    const reachIf = (isPicked: Parameters<typeof reachOf>[0]['isPicked']): Reach =>
      unionOf(
        bound.map((of) => reachOf({ ...of, direction, semantics: this.#semantics, isPicked })),
      );
    const everyone = reachIf((selection) => this.#representatives.isPicked(undefined, selection));
    const rules = bound.flatMap(({ policies }) =>
      policies.flatMap((policy) => policy[direction]?.rules ?? []),
    );
    const pods = this.#representatives
      .toldApartBy(rules)
      .map((picked): Exposure => ({
        peer: { ...picked, kind: 'pods' },
        ...reachIf((selection) => this.#representatives.isPicked(picked, selection)),
      }))
      .filter((each) => !isWithin(each, everyone))
      .toSorted((a, b) => compare(exposedPeerText(a.peer), exposedPeerText(b.peer)));
    return {
      isProtected: bound.every(({ policies }) => policies.length > 0),
      cluster: isWithin(everyone, NOTHING) ? [] : [{ peer: { kind: 'cluster' }, ...everyone }],
      pods,
    };
  }
}

/** The pods of each owner; of those that only their addresses and nodes tell apart, one. */
function replicasOf({ inventory, policies }: Input): Map<string, PodEndpoint[]> {
  // Calico's rules can narrow their own end, by address too.
  const isNarrowed = policies.some((policy) =>
    DIRECTIONS.some((direction) => policy[direction]?.rules.some(({ subject }) => subject)),
  );
  const owners = new Map<string, Map<string, Workload>>();
  for (const workload of inventory.workloads) {
    const { labels, ports, serviceAccount, hostNetwork, addresses } = workload;
    const families = [':', '.'].filter((mark) =>
      addresses.some((address) => address.includes(mark)),
    );
    const alike = [labels, ports, serviceAccount, hostNetwork, isNarrowed ? addresses : families];
    const replicas = owners.get(workload.owner) ?? new Map<string, Workload>();
    owners.set(workload.owner, replicas.set(JSON.stringify(alike), workload));
  }
  return new Map(
    [...owners].map(([owner, replicas]) => [
      owner,
      [...replicas.values()].map((workload) => podEndpoint(workload, inventory)),
    ]),
  );
}

const NOTHING = unionOf([]);
