import { pathText, type Problem } from '@picket/kernel';
import type {
  AdminNetworkPolicyPort,
  AdminNetworkPolicySpec,
  BaselineAdminNetworkPolicySpec,
} from '@picket/policy';

import {
  ADMIN,
  BASELINE,
  type Action,
  type Policy,
  type PolicyId,
  type PortMatch,
  type Rule,
  type RuleList,
} from '../model/policy.ts';
import { toClusterPeer, toSubject } from './cluster-peers.ts';

/** Translates AdminNetworkPolicy `policy.networking.k8s.io/v1alpha1`: tier Admin, `Allow` is Accept. */
export function fromAdminNetworkPolicy(id: PolicyId, spec: AdminNetworkPolicySpec): Policy {
  return {
    id,
    tier: ADMIN,
    order: spec.priority,
    subject: toSubject(spec.subject),
    ...lists(spec),
  };
}

/** Translates BaselineAdminNetworkPolicy `policy.networking.k8s.io/v1alpha1`: tier Baseline, and as there is one only, any order. */
export function fromBaselineAdminNetworkPolicy(
  id: PolicyId,
  spec: BaselineAdminNetworkPolicySpec,
): Policy {
  return { id, tier: BASELINE, order: 0, subject: toSubject(spec.subject), ...lists(spec) };
}

type Spec = Pick<AdminNetworkPolicySpec, 'ingress' | 'egress'> | BaselineAdminNetworkPolicySpec;

function lists({ ingress, egress }: Spec): { ingress?: RuleList; egress?: RuleList } {
  return {
    ...(ingress && { ingress: { isolates: false, rules: ingress.map(toRule) } }),
    ...(egress && { egress: { isolates: false, rules: egress.map(toRule) } }),
  };
}

const ACTIONS: Readonly<Record<'Allow' | 'Deny' | 'Pass', Action>> = {
  Allow: 'Accept',
  Deny: 'Deny',
  Pass: 'Pass',
};

type WrittenRule = NonNullable<Spec['ingress']>[number] | NonNullable<Spec['egress']>[number];

function toRule(rule: WrittenRule, index: number): Rule {
  return {
    index,
    ...(rule.name !== undefined && { name: rule.name }),
    action: ACTIONS[rule.action],
    peers: ('from' in rule ? rule.from : rule.to).map(toClusterPeer),
    ...(rule.ports && { ports: rule.ports.map(toPort) }),
  };
}

function toPort({ portNumber, portRange, namedPort }: AdminNetworkPolicyPort): PortMatch {
  if (namedPort !== undefined) return { kind: 'named', name: namedPort };
  const { protocol = 'TCP' } = portNumber ?? portRange ?? {};
  const from = portNumber?.port ?? portRange?.start ?? 0;
  return { kind: 'ports', protocol, from, to: portRange?.end ?? from };
}

/** The places where the schema requires a selector that is not there. It is read as the empty one, as the API's own tools do. */
export function absentSelectors({
  subject,
  ingress = [],
  egress = [],
}: AdminNetworkPolicySpec | BaselineAdminNetworkPolicySpec): Problem[] {
  const places: [path: readonly PropertyKey[], peer: Peer][] = [
    [['spec', 'subject'], subject],
    ...ingress.flatMap(({ from }, rule) =>
      from.map((peer, index): [PropertyKey[], Peer] => [
        ['spec', 'ingress', rule, 'from', index],
        peer,
      ]),
    ),
    ...egress.flatMap(({ to }, rule) =>
      to.map((peer, index): [PropertyKey[], Peer] => [['spec', 'egress', rule, 'to', index], peer]),
    ),
  ];
  return places.flatMap(([path, { pods }]) =>
    (['namespaceSelector', 'podSelector'] as const)
      .filter((selector) => pods && pods[selector] === undefined)
      .map((selector): Problem => ({
        path: pathText([...path, 'pods', selector]),
        code: 'FIELD_REQUIRED',
        message: 'the API server requires this field; it is read as {}, which selects all',
        severity: 'warning',
      })),
  );
}

type Peer = AdminNetworkPolicySpec['subject'];
