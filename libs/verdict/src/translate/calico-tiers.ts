import type { CalicoTierSpec } from '@picket/policy';

import { ADMIN, BASELINE, NETWORK_POLICY, type Tier } from '../model/policy.ts';

/** What has no order comes last. */
export const LAST = Number.MAX_SAFE_INTEGER;

/** A tier, and what becomes of traffic in it that no rule of a policy that selects the pod matches. */
export interface CalicoTier {
  readonly tier: Tier;
  readonly defaultAction: 'Deny' | 'Pass';
}

/** The tiers that Calico makes itself. Its `default` tier is where it puts NetworkPolicy of Kubernetes too. */
const BUILT_IN: Readonly<Record<string, CalicoTier>> = {
  default: { tier: NETWORK_POLICY, defaultAction: 'Deny' },
  'kube-admin': { tier: ADMIN, defaultAction: 'Pass' },
  'kube-baseline': { tier: BASELINE, defaultAction: 'Pass' },
};

/** The tier of this name: one that Calico makes, or one of the input; undefined when there is none. */
export function calicoTier(
  name: string,
  tiers: ReadonlyMap<string, CalicoTierSpec>,
): CalicoTier | undefined {
  const builtIn = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
  if (builtIn) return builtIn;
  const spec = tiers.get(name);
  if (!spec) return undefined;
  return {
    tier: { name, order: spec.order ?? LAST },
    defaultAction: spec.defaultAction ?? 'Deny',
  };
}
