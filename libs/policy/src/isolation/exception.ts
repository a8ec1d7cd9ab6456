import { pathText, type Problem } from '@picket/kernel';

import type { NetworkPolicySpec } from '../network-policy.ts';
import { isolatedBy } from './allow-workload.ts';
import type { StandingPolicy } from './written-policy.ts';

/**
 * The spec of an exception, which only allows: its `policyTypes` are the directions in which it has rules, so that it closes no other.
 *
 * A problem: it has no rules, or names a direction without any. A warning: nothing among what stands isolates its pods in a direction, so
 * the exception itself would, while it lasts.
 */
export function exceptionOf(
  spec: NetworkPolicySpec,
  standing: readonly StandingPolicy[],
): { readonly spec: NetworkPolicySpec; readonly problems: readonly Problem[] } {
  const directions = (['ingress', 'egress'] as const).filter(
    (direction) => (spec[direction] ?? []).length > 0,
  );
  const types = directions.map((direction) => TYPES[direction]);
  const empty = (spec.policyTypes ?? []).filter((type) => !types.includes(type));
  if (directions.length === 0 || empty.length > 0) {
    const message =
      directions.length === 0
        ? 'an exception allows something: give it rules'
        : `an exception only allows, and ${empty.join(' and ')} without rules denies`;
    return { spec, problems: [problem(['spec'], 'EXCEPTION_DENIES', message, 'error')] };
  }
  const pods = spec.podSelector ?? {};
  const first = directions.filter((direction) => !isolatedBy(pods, standing, direction).isWhole);
  return {
    spec: { ...spec, policyTypes: types },
    problems: first.map((direction) => {
      const message = `no other namespace policy isolates these pods for ${direction}: while the exception lasts, only what policies allow is open`;
      return problem(['spec', direction], 'EXCEPTION_ISOLATES', message, 'warning');
    }),
  };
}

const TYPES = { ingress: 'Ingress', egress: 'Egress' } as const;

function problem(
  path: readonly PropertyKey[],
  code: string,
  message: string,
  severity: Problem['severity'],
): Problem {
  return { path: pathText(path), code, message, severity };
}
