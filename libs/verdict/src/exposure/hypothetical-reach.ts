import { LAST_ADDRESS } from '@picket/selector';

import type { Connections } from '../model/answer.ts';
import type { Direction, NetworksPeer, Peer, PodSelection, Policy, Rule } from '../model/policy.ts';
import { MAX_PORT, PORT_PROTOCOLS, type PortProtocol } from '../model/protocol.ts';
import type { Semantics } from '../model/semantics.ts';
import { connectionsWhere, isWithinConnections, union } from '../reference/connections.ts';
import type { PodEndpoint } from '../reference/endpoint.ts';
import { intervalsOf } from '../reference/intervals.ts';
import { judgeDirection } from '../reference/judge-direction.ts';
import { familiesOf } from '../reference/judge-flow.ts';

/** A port of the other end, whose number only that knows; `protocol` absent: all three. */
export interface NamedPort {
  readonly name: string;
  readonly protocol?: PortProtocol;
}

export interface Reach {
  readonly connections: Connections;
  /** Egress only: beyond `connections`. */
  readonly namedPorts: readonly NamedPort[];
}

export interface Hypothesis {
  readonly own: PodEndpoint;
  readonly direction: Direction;
  /** Those that may bind `own`. */
  readonly policies: readonly Policy[];
  readonly semantics: Semantics;
  /** Whether a selection of a rule picks the pod that nobody has seen. */
  readonly isPicked: (selection: PodSelection) => boolean;
}

/** What `own` may exchange with a pod of which only this is known: which selections pick it. What is not known counts as open. */
export function reachOf({ own, direction, policies, semantics, isPicked }: Hypothesis): Reach {
  const told = policies.map((policy) => withPicked(policy, direction, isPicked));
  const rules = told.flatMap((policy) => policy[direction]?.rules ?? []);
  // Without networks the families cannot differ.
  const families = familiesOf(own, podWith([])).slice(0, rules.some(hasNetworks) ? 2 : 1);
  const isOpen = (peer: PodEndpoint, protocol: PortProtocol, port: number): boolean =>
    families.some((family) => {
      const transport = { protocol, port };
      const asked = { own, peer, transport, direction, semantics, family };
      return judgeDirection(told, asked).verdict !== 'denied';
    });
  const somebody = podWith([]);
  const connections = connectionsWhere(portCuts(rules, own), (protocol, port) =>
    isOpen(somebody, protocol, port),
  );
  if (direction === 'ingress') return { connections, namedPorts: [] };

  const namedPorts = [...namesIn(rules)].flatMap((name): NamedPort[] => {
    const open = PORT_PROTOCOLS.filter((protocol) => {
      const port = firstPortOutside(connections[protocol]);
      return port !== undefined && isOpen(podWith([{ name, protocol, port }]), protocol, port);
    });
    if (open.length === PORT_PROTOCOLS.length) return [{ name }];
    return open.map((protocol) => ({ name, protocol }));
  });
  return { connections, namedPorts };
}

export function unionOf(reaches: readonly Reach[]): Reach {
  const named = reaches.flatMap(({ namedPorts }) => namedPorts);
  return {
    connections: union(reaches.map(({ connections }) => connections)),
    namedPorts: [...new Map(named.map((port) => [JSON.stringify(port), port])).values()],
  };
}

/** Whether `wide` opens all that `narrow` does. */
export function isWithin(narrow: Reach, wide: Reach): boolean {
  const named = new Set(wide.namedPorts.map((port) => JSON.stringify(port)));
  return (
    isWithinConnections(narrow.connections, wide.connections) &&
    narrow.namedPorts.every((port) => named.has(JSON.stringify(port)))
  );
}

/** The policy with each selection and network replaced by what it says of the pod. */
function withPicked(
  policy: Policy,
  direction: Direction,
  isPicked: Hypothesis['isPicked'],
): Policy {
  const told = (peer: Peer): Peer => {
    if (peer.kind === 'pods') return isPicked(peer) ? EVERYTHING : NOBODY;
    if (peer.kind === 'networks') return wholeFamiliesOf(peer);
    if (peer.kind === 'all') return { kind: 'all', peers: peer.peers.map(told) };
    return peer.kind === 'not' ? { kind: 'not', peer: told(peer.peer) } : peer;
  };
  const list = policy[direction];
  if (!list) return policy;
  const rules = list.rules
    .map((rule): Rule => ({ ...rule, peers: rule.peers.map(told) }))
    .filter(({ peers }) => !peers.every(isNobody));
  return { ...policy, [direction]: { ...list, rules } };
}

const EVERYTHING: Peer = { kind: 'everything' };
const NOBODY: Peer = { kind: 'not', peer: EVERYTHING };

/** A pod that nobody has seen may have any address: only networks that hold all of a family mean it. */
function wholeFamiliesOf(peer: NetworksPeer): Peer {
  const networks = ([4, 6] as const)
    .filter((family) => {
      const [only] = intervalsOf(peer.networks, family);
      return only?.[0] === 0n && only[1] === LAST_ADDRESS[family];
    })
    .map((family) => ({ cidr: family === 4 ? '0.0.0.0/0' : '::/0' }));
  return networks.length === 0 ? NOBODY : { ...peer, networks };
}

function isNobody(peer: Peer): boolean {
  return peer === NOBODY;
}

/** Somewhere in the cluster; neither its labels nor its addresses are known. */
function podWith(ports: PodEndpoint['workload']['ports']): PodEndpoint {
  const name = 'a pod that is not known';
  return {
    kind: 'pod',
    name,
    namespaceLabels: {},
    addresses: [],
    workload: {
      namespace: '',
      name,
      kind: 'LabelSet',
      owner: name,
      labels: {},
      ports,
      serviceAccount: '',
      hostNetwork: false,
      addresses: [],
    },
  };
}

function hasNetworks({ peers, subject }: Rule): boolean {
  const isAsked = (peer: Peer): boolean => {
    if (peer.kind === 'all') return peer.peers.some(isAsked);
    return peer.kind === 'not' ? isAsked(peer.peer) : peer.kind === 'networks';
  };
  return peers.some(isAsked) || (subject !== undefined && isAsked(subject));
}

function portCuts(rules: readonly Rule[], own: PodEndpoint): Set<number> {
  const cuts = new Set<number>();
  for (const match of rules.flatMap(({ ports = [] }) => ports))
    if (match.kind === 'ports') cuts.add(match.from).add(match.to + 1);
  if (namesIn(rules).size > 0)
    for (const { port } of own.workload.ports) cuts.add(port).add(port + 1);
  return cuts;
}

function namesIn(rules: readonly Rule[]): Set<string> {
  const matches = rules.flatMap(({ ports = [] }) => ports);
  return new Set(matches.flatMap((match) => (match.kind === 'named' ? [match.name] : [])));
}

function firstPortOutside(ranges: Connections[PortProtocol]): number | undefined {
  const [first] = ranges;
  if (!first || first[0] > 1) return 1;
  return first[1] < MAX_PORT ? first[1] + 1 : undefined;
}
