import { addressText } from '@picket/selector';

import type { Input } from '../model/evaluator.ts';
import type { Flow } from '../model/flow.ts';
import { NAMESPACE_NAME_LABEL } from '../model/inventory.ts';
import { NETWORK_POLICY, type Direction, type Policy } from '../model/policy.ts';
import type { Semantics } from '../model/semantics.ts';
import { parsePolicies } from '../parse/parse-policies.ts';
import { onlyNamespace, type BindingPolicies } from '../reference/binding-policies.ts';
import { podEndpoint, type Endpoint, type PodEndpoint } from '../reference/endpoint.ts';
import { isOnHostNetwork, matchPeer, matchSubject } from '../reference/match-peer.ts';
import type { Addition, NetworkPolicyManifest } from './explanation.ts';
import { selectorOf, type WrittenSelector } from './selector-of.ts';

/** What an addition has to open: `own` is the end that denies. */
export interface Wanted {
  readonly input: Input;
  readonly binding: BindingPolicies;
  readonly semantics: Semantics;
  readonly direction: Direction;
  readonly flow: Flow;
  readonly own: readonly Endpoint[];
  readonly peers: readonly Endpoint[];
}

export interface Draft {
  readonly addition: Addition;
  readonly policy: Policy;
}

/** A NetworkPolicy for each set of labels that the pods of the own end have; none where one of the ends cannot be named in any. */
export function additionsFor(wanted: Wanted): Draft[] {
  const { own, peers, semantics, input } = wanted;
  const written = unique(peers.flatMap((peer) => peersFor(wanted, peer)));
  if (written.length === 0) return [];
  const subjects = unique(
    own
      .filter((end) => end.kind === 'pod')
      .filter((pod) => !isOnHostNetwork(pod, semantics))
      .map(({ workload }) => ({
        namespace: workload.namespace,
        podSelector: selectorOf(workload, input.inventory),
      })),
  );
  return subjects.flatMap((subject, index) =>
    draftOf(wanted, manifestOf(wanted, { subject, index, written })),
  );
}

interface Parts {
  readonly subject: { readonly namespace: string; readonly podSelector: WrittenSelector };
  /** Place among the policies of one direction. */
  readonly index: number;
  readonly written: readonly WrittenPeer[];
}

function manifestOf(
  { input, direction, flow, own, peers }: Wanted,
  { subject: { namespace, podSelector }, index, written }: Parts,
): NetworkPolicyManifest {
  const { protocol, port } = flow;
  const isEgress = direction === 'egress';
  const rule = {
    [isEgress ? 'to' : 'from']: written.map((peer) => inNamespace(peer, namespace)),
    // A NetworkPolicy cannot name ICMP: only a rule without ports lets it through.
    ...(port !== undefined && { ports: [{ protocol, port }] }),
  };
  const name = [
    'allow',
    slugOf(own),
    isEgress ? 'to' : 'from',
    slugOf(peers),
    protocol.toLowerCase(),
    ...(port === undefined ? [] : [port]),
  ].join('-');
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: freeName(input, namespace, name, index), namespace },
    spec: {
      podSelector,
      policyTypes: [isEgress ? 'Egress' : 'Ingress'],
      [direction]: [rule],
    },
  };
}

/** The manifest read back, so that what is suggested is what is judged; nothing when an API server would refuse it. */
function draftOf(wanted: Wanted, manifest: NetworkPolicyManifest): Draft[] {
  const { input, semantics, direction } = wanted;
  const { policies, problems } = parsePolicies([{ value: manifest }]);
  const [policy] = policies;
  if (!policy || problems.length > 0) return [];
  const circumstances = { semantics, family: 4 } as const;
  const named = (policy[direction]?.rules ?? []).flatMap(({ peers }) => peers);
  const namespaces = new Set([
    manifest.metadata.namespace,
    ...named.map((peer) => (peer.kind === 'pods' ? onlyNamespace(peer.namespaces) : undefined)),
  ]);
  const pods = input.inventory.workloads
    .filter(({ namespace }) => namespaces.has(namespace))
    .map((workload) => podEndpoint(workload, input.inventory));
  const bound = pods.filter((pod) => matchSubject(policy.subject, pod, circumstances) === true);
  const isIsolated = (pod: PodEndpoint): boolean =>
    wanted.binding
      .of(pod)
      .some(
        ({ tier, subject, ...lists }) =>
          tier.name === NETWORK_POLICY.name &&
          lists[direction]?.isolates === true &&
          matchSubject(subject, pod, circumstances) === true,
      );
  const reached = pods.filter((pod) =>
    named.some((peer) => peer.kind === 'pods' && matchPeer(peer, pod, circumstances) === true),
  );
  const networks = named.flatMap((peer) =>
    peer.kind === 'networks' ? peer.networks.map(({ cidr }) => cidr) : [],
  );
  const addition: Addition = {
    direction,
    manifest,
    binds: bound.map(({ name }) => name),
    peers: [...reached.map(({ name }) => name), ...networks],
    isolates: !bound.every(isIsolated),
  };
  return [{ addition, policy }];
}

interface WrittenPeer {
  readonly namespace?: string;
  readonly podSelector?: WrittenSelector;
  readonly ipBlock?: { readonly cidr: string };
}

/** Pods by their labels, everything else by its addresses. */
function peersFor({ input, semantics }: Wanted, peer: Endpoint): WrittenPeer[] {
  if (peer.kind === 'pod' && !isOnHostNetwork(peer, semantics)) {
    const { namespace } = peer.workload;
    return [{ namespace, podSelector: selectorOf(peer.workload, input.inventory) }];
  }
  return peer.addresses.map((address) => ({
    ipBlock: { cidr: `${addressText(address)}/${address.family === 4 ? 32 : 128}` },
  }));
}

/** As it is written in a policy of `own`: pods of that namespace need no namespaceSelector. */
function inNamespace({ namespace, ...peer }: WrittenPeer, own: string): object {
  if (namespace === undefined || namespace === own) return peer;
  return { namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: namespace } }, ...peer };
}

function unique<Item extends object>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

const MAX_SLUG = 80;

/** What of an end's name may stand in an object's name: of `shop/web[Deployment]` `web`, of `10.0.0.7` `10-0-0-7`. */
function slugOf([end]: readonly Endpoint[]): string {
  return shortName(end)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_SLUG)
    .replaceAll(/^-|-$/g, '');
}

/** Of a pod its owner's, without the hash that the next rollout changes. */
function shortName(end: Endpoint | undefined): string {
  if (end?.kind !== 'pod') return end?.name ?? '';
  const { owner, labels } = end.workload;
  const name = owner.replace(/^.*\//, '').replace(/\[\w+\]$/, '');
  const suffix = `-${labels['pod-template-hash']}`;
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

function freeName({ policies }: Input, namespace: string, wanted: string, index: number): string {
  const taken = new Set(
    policies.filter(({ id }) => id.namespace === namespace).map(({ id }) => id.name),
  );
  let name = index === 0 ? wanted : `${wanted}-${index + 1}`;
  for (let next = index + 2; taken.has(name); next++) name = `${wanted}-${next}`;
  return name;
}
