import { pathText, type Problem } from '@picket/kernel';
import {
  addressText,
  formulaOf,
  implies,
  EVERY_LABEL_SET,
  mayHold,
  outsideOf,
  overlap,
  parseCidr,
  type Cidr,
} from '@picket/selector';

import { directionsOf } from '../namespace-policy.ts';
import type { NetworkPolicyPeer, NetworkPolicySpec } from '../network-policy.ts';
import {
  NAMESPACE_NAME,
  nameFor,
  type StandingPolicy,
  type WrittenPolicy,
} from './written-policy.ts';

interface Denial {
  /** Name of the namespace that may not connect. */
  readonly source: string;
  readonly target: string;
  /**
   * Addresses of pods (CIDRs), at least one. What comes from outside the cluster keeps its way in by address, and most network plugins
   * match pods by address too, so these must be cut out.
   */
  readonly podNetworks: readonly string[];
  /** What stands in the target already. */
  readonly standing: readonly StandingPolicy[];
}

export type DenialOutcome =
  | { readonly outcome: 'write'; readonly policy: WrittenPolicy }
  /** It is so already: this policy closes all pods of the target, and none lets the source in. */
  | { readonly outcome: 'denied'; readonly by: string }
  | { readonly outcome: 'refused'; readonly problem: Problem };

/**
 * Denies one namespace to another.
 *
 * NetworkPolicy can only allow, and adds up over all policies of a pod. So a denial is a policy that allows everybody else, and that says
 * the truth only where nothing else stands: several denials to one namespace are one policy; a policy that lets the source in makes a
 * denial void and is named; where policies isolate the target already, a denial would open what they close, and is not written.
 * Pods of the source on the host network come as their node, and are not denied.
 */
export function denyNamespace({ source, target, podNetworks, standing }: Denial): DenialOutcome {
  if (source === target)
    return refused('DENIES_ITSELF', `${target} cannot be denied to itself: isolate its workloads`);
  const pods = podNetworks.flatMap((text) => parseCidr(text) ?? []);
  if (pods.length === 0) return refused('POD_NETWORKS_MISSING', NO_NETWORKS);
  const name = denialName(target);
  const others = standing.filter(
    (policy) => policy.name !== name && directionsOf(policy.spec).ingress,
  );

  for (const other of others) {
    const path = wayIn(other.spec, source, pods);
    if (path === undefined) continue;
    const message = `policy ${other.name} may let pods of ${source} in (${pathText(path)}), which makes a denial void: change that policy`;
    return refused('DENIAL_VOID', message);
  }
  const whole = others.find(
    ({ spec, isSure = true }) =>
      isSure && implies(EVERY_LABEL_SET, formulaOf(spec.podSelector ?? {})),
  );
  if (whole) return { outcome: 'denied', by: whole.name };
  const [partial] = others;
  if (partial) {
    const message = `policy ${partial.name} isolates some pods of ${target}, or all of them in some clusters; a denial would open them to every other namespace: isolate ${target} and allow what it needs`;
    return refused('DENIAL_OPENS', message);
  }
  const before = standing.find((policy) => policy.name === name);
  const sources = [...new Set([...deniedBy(before?.spec), source])].toSorted();
  return {
    outcome: 'write',
    policy: { name, namespace: target, spec: allowAllBut(sources, pods) },
  };
}

/** The one policy that holds the denials to a namespace. */
export function denialName(target: string): string {
  return nameFor(['deny-to', target], ['denials', target]);
}

/** Namespaces that a policy made by {@link denyNamespace} denies. */
export function deniedBy(spec: NetworkPolicySpec | undefined): readonly string[] {
  const [{ namespaceSelector } = {}] = spec?.ingress?.[0]?.from ?? [];
  const [expression] = namespaceSelector?.matchExpressions ?? [];
  const isDenial = expression?.key === NAMESPACE_NAME && expression.operator === 'NotIn';
  return isDenial ? (expression.values ?? []) : [];
}

const NO_NETWORKS =
  'the guard rails of the project do not say which addresses pods have (podNetworks): without them pods of the denied namespace could come in as addresses';

function allowAllBut(sources: readonly string[], pods: readonly Cidr[]): NetworkPolicySpec {
  const expression = { key: NAMESPACE_NAME, operator: 'NotIn' as const, values: [...sources] };
  const outside = (['0.0.0.0/0', '::/0'] as const).flatMap((cidr): NetworkPolicyPeer[] => {
    const family = cidr === '::/0' ? 6 : 4;
    const cut = pods.filter((block) => block.family === family);
    // An exception has to be smaller than the block; pods everywhere leave nothing outside.
    if (cut.some(({ prefix }) => prefix === 0)) return [];
    const except = cut.map(textOf).toSorted();
    return [{ ipBlock: { cidr, ...(except.length > 0 && { except }) } }];
  });
  return {
    podSelector: {},
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ namespaceSelector: { matchExpressions: [expression] } }, ...outside] }],
  };
}

/** Path of the first ingress rule or peer that may let pods of the namespace in; labels of that namespace are not known, its name is. */
function wayIn(
  spec: NetworkPolicySpec,
  source: string,
  pods: readonly Cidr[],
): PropertyKey[] | undefined {
  for (const [index, { from = [] }] of (spec.ingress ?? []).entries()) {
    if (from.length === 0) return ['spec', 'ingress', index];
    for (const [at, peer] of from.entries())
      if (mayMean(peer, source, pods)) return ['spec', 'ingress', index, 'from', at];
  }
  return undefined;
}

function mayMean(
  { ipBlock, namespaceSelector }: NetworkPolicyPeer,
  source: string,
  pods: readonly Cidr[],
): boolean {
  if (ipBlock) {
    const block = parseCidr(ipBlock.cidr);
    const except = (ipBlock.except ?? []).flatMap((text) => parseCidr(text) ?? []);
    if (!block) return true;
    return outsideOf(block, except).some((part) => pods.some((pod) => overlap(part, pod)));
  }
  if (!namespaceSelector) return false;
  const isSource = { key: NAMESPACE_NAME, operator: 'In' as const, values: [source] };
  return mayHold({ all: [isSource, formulaOf(namespaceSelector)] }, [NAMESPACE_NAME]);
}

function textOf({ family, first, prefix }: Cidr): string {
  return `${addressText({ family, value: first })}/${prefix}`;
}

function refused(code: string, message: string): DenialOutcome {
  return { outcome: 'refused', problem: { path: '', code, message, severity: 'error' } };
}
