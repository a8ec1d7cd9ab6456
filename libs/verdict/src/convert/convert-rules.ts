import type {
  AdminNetworkPolicyPort,
  AdminNetworkPolicySpec,
  BaselineAdminNetworkPolicySpec,
} from '@picket/policy';

/** Rules, peers and ports of a ClusterNetworkPolicy: no list has more. */
const CAP = 25;

type Spec = Pick<AdminNetworkPolicySpec, 'ingress' | 'egress'> | BaselineAdminNetworkPolicySpec;
type WrittenRule = NonNullable<Spec['ingress']>[number] | NonNullable<Spec['egress']>[number];
type WrittenPeer = AdminNetworkPolicySpec['subject'];

const ACTIONS = { Allow: 'Accept', Deny: 'Deny', Pass: 'Pass' } as const;

/** The subject and rules as they are written in ClusterNetworkPolicies: one object for each part, in the order of judgement. */
export function partsOf({
  subject,
  ingress = [],
  egress = [],
}: AdminNetworkPolicySpec | BaselineAdminNetworkPolicySpec): object[] {
  const lists = {
    ingress: chunks(ingress.flatMap(convertRule)),
    egress: chunks(egress.flatMap(convertRule)),
  };
  const count = Math.max(lists.ingress.length, lists.egress.length, 1);
  return Array.from({ length: count }, (_, index) => ({
    subject: convertPeer(subject),
    ...(lists.ingress[index] && { ingress: lists.ingress[index] }),
    ...(lists.egress[index] && { egress: lists.egress[index] }),
  }));
}

/** One rule, or where it has too many peers or ports one for each group of them: they say the same, so their order has no meaning. */
function convertRule(rule: WrittenRule): object[] {
  const { name, action, ports } = rule;
  const [field, peers] =
    'from' in rule ? (['from', rule.from] as const) : (['to', rule.to] as const);
  const groups = ports ? chunks(ports.map(convertPort)) : [undefined];
  return chunks(peers.map(convertPeer)).flatMap((some) =>
    groups.map((protocols) => ({
      ...(name !== undefined && { name }),
      action: ACTIONS[action],
      [field]: some,
      ...(protocols && { protocols }),
    })),
  );
}

/** Absent selectors are read as empty ones; the newer kind wants them written. */
function convertPeer(peer: WrittenPeer): object {
  if (!peer.pods) return peer;
  const { namespaceSelector = {}, podSelector = {} } = peer.pods;
  return { pods: { namespaceSelector, podSelector } };
}

function convertPort({ portNumber, portRange, namedPort }: AdminNetworkPolicyPort): object {
  if (namedPort !== undefined) return { destinationNamedPort: namedPort };
  const { protocol = 'TCP' } = portNumber ?? portRange ?? {};
  const number =
    portNumber?.port ?? (portRange?.start === portRange?.end ? portRange?.start : undefined);
  const destinationPort =
    number === undefined ? { range: { start: portRange?.start, end: portRange?.end } } : { number };
  return { [protocol.toLowerCase()]: { destinationPort } };
}

function chunks<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / CAP) }, (_, index) =>
    items.slice(index * CAP, (index + 1) * CAP),
  );
}
