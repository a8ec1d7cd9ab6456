import { canonicalJson, pathText, type Json, type Problem } from '@picket/kernel';

import { type NetworkPolicySpec, PortableNetworkPolicySpec } from './network-policy.ts';
import { plainJsonFault } from './plain-json.ts';
import { problemsOf } from './problems-of.ts';

export type ParsedNamespacePolicy =
  | { readonly spec: NetworkPolicySpec; readonly problems: readonly Problem[] }
  | { readonly spec?: undefined; readonly problems: readonly Problem[] };

/** Of the canonical text of a spec (UTF-16 units), so that an object with its marks stays far below what an API server stores. */
const MAX_CHARS = 262_144;

/**
 * Reads the `spec` of a NamespacePolicy: an application team's NetworkPolicy for its own namespaces, whatever version their clusters have.
 * All problems at once, paths start with `spec`; rules that have no effect are warnings. `spec` is absent when one of the problems is an error.
 */
export function parseNamespacePolicy(value: unknown): ParsedNamespacePolicy {
  const fault = plainJsonFault(value, ['spec']);
  if (fault) return { problems: [fault] };
  const { data, error } = PortableNetworkPolicySpec.safeParse(value);
  if (!data) return { problems: problemsOf(error, ['spec']) };
  if (canonicalJson(data as Json).length > MAX_CHARS) {
    const message = `the policy is larger than ${MAX_CHARS} characters`;
    return { problems: [{ path: 'spec', code: 'TOO_LARGE', message, severity: 'error' }] };
  }
  return { spec: data, problems: rulesWithoutEffect(data) };
}

/** The directions in which a policy isolates the pods that it selects (NetworkPolicy v1, `policyTypes`). */
export function directionsOf({ policyTypes, egress }: NetworkPolicySpec): {
  readonly ingress: boolean;
  readonly egress: boolean;
} {
  if (policyTypes && policyTypes.length > 0)
    return { ingress: policyTypes.includes('Ingress'), egress: policyTypes.includes('Egress') };
  return { ingress: true, egress: (egress ?? []).length > 0 };
}

function rulesWithoutEffect(spec: NetworkPolicySpec): Problem[] {
  const directions = directionsOf(spec);
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    if (directions[direction] || (spec[direction] ?? []).length === 0) return [];
    const type = direction === 'ingress' ? 'Ingress' : 'Egress';
    const message = `these rules have no effect: policyTypes lacks ${type}`;
    const path = pathText(['spec', direction]);
    return [{ path, code: 'RULES_WITHOUT_EFFECT', message, severity: 'warning' as const }];
  });
}
