import type { Json, Problem } from '@picket/kernel';
import { formulaOf, implies, mayHold, type LabelSelector } from '@picket/selector';

import { directionsOf } from '../namespace-policy.ts';
import type { NetworkPolicyPort } from '../network-policy.ts';
import {
  nameFor,
  peerOf,
  withPorts,
  wordsOf,
  type StandingPolicy,
  type WorkloadRef,
  type WrittenPolicy,
} from './written-policy.ts';

interface Allowance {
  readonly source: WorkloadRef;
  readonly target: WorkloadRef;
  /** All ports when left out. */
  readonly ports?: readonly NetworkPolicyPort[];
  /** What stands in the namespace of the source, and in that of the target. */
  readonly standing: {
    readonly source: readonly StandingPolicy[];
    readonly target: readonly StandingPolicy[];
  };
}

/**
 * Lets one workload connect to another: an ingress policy on the target's side, and an egress one on the source's side when that is
 * isolated for egress.
 *
 * Problems are warnings: the first ingress policy of the target isolates it, and a source of which only some pods are isolated is left
 * as it is, because a policy for all of them would isolate the others.
 */
export function allowWorkload({ source, target, ports, standing }: Allowance): {
  readonly policies: readonly WrittenPolicy[];
  readonly problems: readonly Problem[];
} {
  const key = [source, target, ports ?? null] as unknown as Json;
  const words = [...wordsOf(source.labels), 'to', ...wordsOf(target.labels)];
  const ingress: WrittenPolicy = {
    name: nameFor(['allow', ...words], key),
    namespace: target.namespace,
    spec: {
      podSelector: { matchLabels: target.labels },
      policyTypes: ['Ingress'],
      ingress: [{ from: [peerOf(source, target.namespace)], ...withPorts(ports) }],
    },
  };
  const egress: WrittenPolicy = {
    name: nameFor(['allow-out', ...words], key),
    namespace: source.namespace,
    spec: {
      podSelector: { matchLabels: source.labels },
      policyTypes: ['Egress'],
      egress: [{ to: [peerOf(target, source.namespace)], ...withPorts(ports) }],
    },
  };
  const others = (policies: readonly StandingPolicy[]): readonly StandingPolicy[] =>
    policies.filter(({ name }) => name !== ingress.name && name !== egress.name);
  const isTargetIsolated = isolatedBy(
    { matchLabels: target.labels },
    others(standing.target),
    'ingress',
  ).isWhole;
  const { isWhole, some } = isolatedBy(
    { matchLabels: source.labels },
    others(standing.source),
    'egress',
  );
  return {
    policies: isWhole ? [ingress, egress] : [ingress],
    problems: [
      ...(isTargetIsolated ? [] : [warning('TARGET_ISOLATED', FIRST)]),
      ...(!isWhole && some !== undefined ? [warning('SOURCE_PARTLY_ISOLATED', partly(some))] : []),
    ],
  };
}

const FIRST =
  'no other namespace policy isolates all pods of the target: from now on only what policies allow may connect to it';

function partly(name: string): string {
  return `policy ${name} closes some pods of the source for egress and not others: these may still not reach the target; name them by more labels`;
}

/** Whether one policy closes all of these pods in this direction; `some`: the name of one that closes some of them. */
export function isolatedBy(
  podSelector: LabelSelector,
  standing: readonly StandingPolicy[],
  direction: 'ingress' | 'egress',
): { readonly isWhole: boolean; readonly some?: string } {
  const pods = formulaOf(podSelector);
  const closing = standing.filter(({ spec }) => directionsOf(spec)[direction]);
  const isWhole = closing.some(
    ({ spec, isSure = true }) => isSure && implies(pods, formulaOf(spec.podSelector ?? {})),
  );
  const some = closing.find(({ spec }) =>
    mayHold({ all: [pods, formulaOf(spec.podSelector ?? {})] }),
  );
  return { isWhole, ...(some && { some: some.name }) };
}

function warning(code: string, message: string): Problem {
  return { path: '', code, message, severity: 'warning' };
}
