import type { Problem } from '@picket/kernel';
import type { CalicoGlobalNetworkPolicySpec, CalicoRule, CalicoTierSpec } from '@picket/policy';
import { EVERY_LABEL_SET, parseCalicoSelector } from '@picket/selector';

import type { Action, Policy, PolicyId, Rule, RuleList, Subject } from '../model/policy.ts';
import { entityPeer, namespaceFormula, whyUnknown } from './calico-entity.ts';
import { calicoTier, LAST, type CalicoTier } from './calico-tiers.ts';
import { portsOfRule } from './calico-transport.ts';
import { namespaceNamed } from './network-policy.ts';

/**
 * Translates Calico's NetworkPolicy and GlobalNetworkPolicy `projectcalico.org/v3`: L3 and L4; comments cite api/pkg/apis/projectcalico/v3.
 *
 * A policy for host endpoints alone (`preDNAT`, `doNotTrack`) binds no pod, so there is nothing to translate, and a warning says so.
 */
export function fromCalicoPolicy(
  id: PolicyId,
  spec: CalicoGlobalNetworkPolicySpec,
  tiers: ReadonlyMap<string, CalicoTierSpec>,
): { policies: Policy[]; problems: Problem[] } {
  const tier = calicoTier(spec.tier ?? 'default', tiers);
  if (!tier) return { policies: [], problems: [tierMissing(spec.tier ?? '')] };
  if (spec.preDNAT || spec.doNotTrack)
    return { policies: [], problems: [hostEndpointsOnly(spec.preDNAT ? 'preDNAT' : 'doNotTrack')] };
  const { ingress = [], egress = [] } = spec;
  const types = spec.types?.length ? spec.types : defaultTypes(ingress, egress);
  const lists = {
    ingress: listOf('ingress', ingress, id, tier),
    egress: listOf('egress', egress, id, tier),
  };
  const policy: Policy = {
    id,
    tier: tier.tier,
    order: spec.order ?? LAST,
    // "Policies with identical order will be applied in alphanumerical order based on the Policy Name within the tier."
    tie: `${id.name} ${id.namespace ?? ''}`,
    subject: subjectOf(id, spec),
    ...(types.includes('Ingress') && { ingress: lists.ingress }),
    ...(types.includes('Egress') && { egress: lists.egress }),
  };
  return { policies: [policy], problems: [] };
}

/** "[Ingress], if there are no Egress rules …; [Egress], if there are Egress rules but no Ingress rules; [both] …" */
function defaultTypes(ingress: readonly unknown[], egress: readonly unknown[]): string[] {
  if (egress.length === 0) return ['Ingress'];
  return ingress.length === 0 ? ['Egress'] : ['Ingress', 'Egress'];
}

function subjectOf(id: PolicyId, spec: CalicoGlobalNetworkPolicySpec): Subject {
  const { selector = '', namespaceSelector = '', serviceAccountSelector } = spec;
  const reason = serviceAccountSelector
    ? 'labels of service accounts are not modelled'
    : (whyUnknown(selector) ?? whyUnknown(namespaceSelector));
  if (reason !== undefined) return { kind: 'unknown', reason };
  const everywhere =
    namespaceSelector === ''
      ? EVERY_LABEL_SET
      : namespaceFormula(parseCalicoSelector(namespaceSelector));
  return {
    kind: 'pods',
    namespaces: id.namespace === undefined ? everywhere : namespaceNamed(id.namespace),
    pods: parseCalicoSelector(selector),
  };
}

function listOf(
  direction: 'ingress' | 'egress',
  rules: readonly CalicoRule[],
  id: PolicyId,
  { defaultAction }: CalicoTier,
): RuleList {
  return {
    isolates: defaultAction === 'Deny',
    // Felix lets the host reach its own pods whatever the policies say; the way back is judged.
    ...(direction === 'ingress' && { sparesOwnNode: true as const }),
    rules: rules.flatMap((rule, index) => toRule(direction, rule, index, id.namespace)),
  };
}

const ACTIONS: Readonly<Record<'Allow' | 'Deny' | 'Pass', Action>> = {
  Allow: 'Accept',
  Deny: 'Deny',
  Pass: 'Pass',
};

/** "All the match criteria within a rule must be satisfied". `Log` decides nothing. */
function toRule(
  direction: 'ingress' | 'egress',
  rule: CalicoRule,
  index: number,
  namespace: string | undefined,
): Rule[] {
  if (rule.action === 'Log') return [];
  const { source = {}, destination = {} } = rule;
  const [own, other] = direction === 'ingress' ? [destination, source] : [source, destination];
  const subject = entityPeer(own, namespace);
  const ports = portsOfRule(rule);
  const narrowedBy = whatNarrows(rule);
  return [
    {
      index,
      action: ACTIONS[rule.action],
      peers: [entityPeer(other, namespace) ?? { kind: 'everything' }],
      ...(ports && { ports }),
      ...(subject && { subject }),
      ...(narrowedBy !== undefined && { narrowedBy }),
    },
  ];
}

function whatNarrows({ source, http, notICMP, ipVersion }: CalicoRule): string | undefined {
  if (source?.ports?.length || source?.notPorts?.length)
    return 'a rule names source ports, which flows do not have';
  if (http !== undefined) return 'a rule matches HTTP requests, which are not modelled';
  if (notICMP !== undefined) return 'notICMP is not modelled';
  return ipVersion === undefined ? undefined : 'ipVersion is not modelled';
}

function tierMissing(name: string): Problem {
  const message = `tier ${name} is not in the input, so its order is not known`;
  return { path: 'spec.tier', code: 'TIER_UNKNOWN', message, severity: 'error' };
}

function hostEndpointsOnly(field: string): Problem {
  const message = 'the policy is for host endpoints only, which are not modelled';
  return { path: `spec.${field}`, code: 'NOT_MODELLED', message, severity: 'warning' };
}
