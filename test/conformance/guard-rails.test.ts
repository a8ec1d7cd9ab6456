import { describe, expect, it } from '@jest/globals';
import { checkGuardRails, NetworkPolicySpec, type GuardRails } from '@picket/policy';
import { cidrHasAddress, matchesLabels, parseCidr } from '@picket/selector';
import {
  NAMESPACE_NAME_LABEL,
  parseObjects,
  referenceEvaluator,
  type Flow,
  type FlowPeer,
  type Inventory,
} from '@picket/verdict';
import * as fc from 'fast-check';

import {
  flowsBetween,
  inventoryObjects,
  networkPolicy,
} from '../support/verdict/random-cluster.ts';

const cidrs = fc.uniqueArray(
  fc.constantFrom(
    '192.0.2.0/24',
    '192.0.2.0/25',
    '0.0.0.0/0',
    '::/0',
    '2001:db8::/32',
    '10.0.0.0/30',
  ),
  { maxLength: 3 },
);
const openTo = fc.record(
  {
    cidrs,
    exceptCidrs: cidrs,
    namespaces: fc.record(
      {
        names: fc.uniqueArray(fc.constantFrom('one', 'two')),
        selector: fc.record({
          matchLabels: fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), {
            maxKeys: 1,
          }),
        }),
      },
      { requiredKeys: [] },
    ),
    ports: fc.array(
      fc.constantFrom(
        { protocol: 'TCP' as const, port: 80, endPort: 443 },
        { protocol: 'TCP' as const, port: 444, endPort: 65_535 },
        { protocol: 'TCP' as const, port: 1, endPort: 65_535 },
        { protocol: 'UDP' as const, port: 1, endPort: 65_535 },
      ),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
);
const rails: fc.Arbitrary<GuardRails> = fc.record(
  { ingress: openTo, egress: openTo, podNetworks: fc.constant(['10.0.0.0/30']) },
  { requiredKeys: [] },
);

describe('a policy inside the guard rails', () => {
  it('allows no connection that they exclude, by the reference evaluator', () => {
    let inside = 0;
    let allowed = 0;
    const scene = fc.record({ rails, policy: networkPolicy, objects: inventoryObjects });
    fc.assert(
      fc.property(scene, fc.nat(), ({ rails: given, policy, objects }, seed) => {
        const { namespace } = policy.metadata;
        const own = { matchLabels: { [NAMESPACE_NAME_LABEL]: namespace } };
        const spec = NetworkPolicySpec.parse(policy.spec);
        if (checkGuardRails(spec, { rails: given, own, others: 0 }).length > 0) return;
        inside += 1;

        const value = { ...policy, metadata: { ...policy.metadata, name: 'p' } };
        const { inventory, policies } = parseObjects([...objects, { value }]);
        const names = inventory.workloads.map(({ namespace: in_, name }) => `${in_}/${name}`);
        const evaluator = referenceEvaluator({ inventory, policies });
        for (const flow of fc.sample(flowsBetween(names), {
          numRuns: 60,
          seed,
        })) {
          const answer = evaluator.judge(flow);
          for (const [direction, peer] of [
            ['egress', flow.dst],
            ['ingress', flow.src],
          ] as const) {
            if (answer[direction].because !== 'rule' || answer[direction].verdict !== 'allowed')
              continue;
            allowed += 1;
            expect({
              flow,
              open: isOpen(flow, peer, given, direction, namespace, inventory),
            }).toEqual({ flow, open: true });
          }
        }
      }),
      { numRuns: 3_000 },
    );

    // Otherwise this test could not fail.
    expect(inside).toBeGreaterThan(300);
    expect(allowed).toBeGreaterThan(100);
  });
});

/** Read off the words of the guard rails, one connection at a time. */
function isOpen(
  { protocol, port = 0 }: Flow,
  peer: FlowPeer,
  given: GuardRails,
  direction: 'ingress' | 'egress',
  own: string,
  inventory: Inventory,
): boolean {
  const { cidrs: blocks = [], exceptCidrs = [], namespaces, ports } = given[direction] ?? {};
  const isIn = (address: string, texts: readonly string[]): boolean =>
    texts.some((text) => {
      const cidr = parseCidr(text);
      return cidr !== undefined && cidrHasAddress(cidr, address);
    });
  const hasPort =
    !ports ||
    ports.some(
      (entry) =>
        entry.protocol === protocol && entry.port <= port && port <= (entry.endPort ?? entry.port),
    );
  const isAddressOpen = (address: string): boolean =>
    isIn(address, blocks) && !isIn(address, [...exceptCidrs, ...(given.podNetworks ?? [])]);
  if ('address' in peer) return hasPort && isAddressOpen(peer.address);

  const [namespace = '', name] = peer.workload.split('/');
  const pod = inventory.workloads.find((one) => one.namespace === namespace && one.name === name);
  const labels = inventory.namespaces.find((one) => one.name === namespace)?.labels ?? {};
  const isNamespaceOpen =
    namespace === own ||
    !namespaces ||
    (namespaces.names?.includes(namespace) ?? false) ||
    (namespaces.selector !== undefined && matchesLabels(namespaces.selector, labels));
  return hasPort && (isNamespaceOpen || (pod?.addresses ?? []).some(isAddressOpen));
}
