import { canonicalJson, type Json } from '@picket/kernel';
import { addressText } from '@picket/selector';

import type { Connections, ConnectivityRow } from '../model/answer.ts';
import type { ConnectivityOptions, Input } from '../model/evaluator.ts';
import { DIRECTIONS, type Network, type Peer, type Rule } from '../model/policy.ts';
import { connectionsWhere, isEmpty, union } from './connections.ts';
import { podEndpoint, type Endpoint, type OutsideEndpoint, type PodEndpoint } from './endpoint.ts';
import { atomicIntervals, intervalsOf, type Interval } from './intervals.ts';
import { familiesOf, judgeConnection } from './judge-flow.ts';

/** What one peer may open to another, and what of it is not known. */
interface Reach {
  readonly connections: Connections;
  readonly unknown: Connections;
}

/** All pairs, by asking about every pair, range of addresses and range of ports that policies can tell apart. For small inputs. */
export function listConnectivity(
  input: Input,
  { families = [4, 6] }: ConnectivityOptions = {},
): ConnectivityRow[] {
  const owners = ownersOf(input);
  const rows: ConnectivityRow[] = [];
  for (const [src, sources] of owners) {
    for (const [dst, destinations] of owners)
      if (src !== dst) rows.push(...rowOf(src, dst, reachOf(input, sources, destinations)));
    for (const family of families) {
      for (const [range, reach] of rangesOf(input, family, (outside) =>
        reachOf(input, sources, [outside]),
      ))
        rows.push(...rowOf(src, range, reach));
      for (const [range, reach] of rangesOf(input, family, (outside) =>
        reachOf(input, [outside], sources),
      ))
        rows.push(...rowOf(range, src, reach));
    }
  }
  return rows.toSorted((a, b) => compare(a.src, b.src) || compare(a.dst, b.dst));
}

/** The pods by owner; of replicas that no policy can tell apart, one. */
function ownersOf({ inventory }: Input): Map<string, PodEndpoint[]> {
  const owners = new Map<string, Map<string, PodEndpoint>>();
  for (const workload of inventory.workloads) {
    const { labels, ports, serviceAccount, hostNetwork, addresses, node = '' } = workload;
    const alike = canonicalJson({
      labels,
      ports: ports as unknown as Json,
      serviceAccount,
      hostNetwork,
      addresses,
      node,
    });
    const replicas = owners.get(workload.owner) ?? new Map<string, PodEndpoint>();
    owners.set(workload.owner, replicas.set(alike, podEndpoint(workload, inventory)));
  }
  return new Map([...owners].map(([owner, replicas]) => [owner, [...replicas.values()]]));
}

/** The union over all pairs of pods and address families. */
function reachOf(
  input: Input,
  sources: readonly Endpoint[],
  destinations: readonly Endpoint[],
): Reach {
  const reaches = sources.flatMap((source) =>
    destinations.flatMap((destination) =>
      familiesOf(source, destination).map((family): Reach => {
        const cuts = portCuts(input, destination);
        const verdicts = (wanted: string): Connections =>
          connectionsWhere(
            cuts,
            (protocol, port) =>
              judgeConnection(input, { source, destination, family, transport: { protocol, port } })
                .verdict === wanted,
          );
        return { connections: verdicts('allowed'), unknown: verdicts('unknown') };
      }),
    ),
  );
  return {
    connections: union(reaches.map(({ connections }) => connections)),
    unknown: union(reaches.map(({ unknown }) => unknown)),
  };
}

/** The ports at which a verdict about this destination can change. */
function portCuts(input: Input, destination: Endpoint): Set<number> {
  const cuts = new Set<number>();
  for (const match of rulesOf(input).flatMap(({ ports = [] }) => ports))
    if (match.kind === 'ports') cuts.add(match.from).add(match.to + 1);
  if (destination.kind === 'pod')
    for (const { port } of destination.workload.ports) cuts.add(port).add(port + 1);
  return cuts;
}

/** Outside addresses of a family in the fewest ranges for which `ask` says the same. */
function rangesOf(
  input: Input,
  family: 4 | 6,
  ask: (outside: OutsideEndpoint) => Reach,
): [range: string, Reach][] {
  // One by one: merged, neighbours would lose the edge between them.
  const edges = networksOf(input).flatMap((network) => intervalsOf([network], family));
  const ranges: { interval: Interval; reach: Reach }[] = [];
  for (const interval of atomicIntervals(edges, family)) {
    const name = addressText({ family, value: interval[0] });
    const addresses = [{ family, value: interval[0] }];
    const reach = ask({ kind: 'outside', name, addresses });
    const before = ranges.at(-1);
    if (before && textOf(before.reach) === textOf(reach))
      before.interval = [before.interval[0], interval[1]];
    else ranges.push({ interval, reach });
  }
  return ranges.map(({ interval, reach }) => [
    interval.map((value) => addressText({ family, value })).join('-'),
    reach,
  ]);
}

function networksOf(input: Input): Network[] {
  const inPeer = (peer: Peer): readonly Network[] => {
    if (peer.kind === 'networks') return peer.networks;
    if (peer.kind === 'all') return peer.peers.flatMap(inPeer);
    return peer.kind === 'not' ? inPeer(peer.peer) : [];
  };
  return rulesOf(input).flatMap(({ peers, subject }) =>
    [...peers, ...(subject ? [subject] : [])].flatMap(inPeer),
  );
}

function rulesOf({ policies }: Input): Rule[] {
  return policies.flatMap((policy) =>
    DIRECTIONS.flatMap((direction) => policy[direction]?.rules ?? []),
  );
}

function rowOf(src: string, dst: string, { connections, unknown }: Reach): ConnectivityRow[] {
  if (isEmpty(connections) && isEmpty(unknown)) return [];
  return [{ src, dst, connections, ...(!isEmpty(unknown) && { unknown }) }];
}

function textOf(reach: Reach): string {
  return canonicalJson(reach as unknown as Json);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
