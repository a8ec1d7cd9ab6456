import type { SourceObject } from '@picket/verdict';
import * as fc from 'fast-check';

// The small world of random-cluster.ts.
const selector = fc.oneof(
  fc.constant({}),
  fc.record({
    matchLabels: fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), {
      maxKeys: 2,
    }),
  }),
);
const pods = fc.oneof(
  fc.record({ namespaces: selector }),
  fc.record({ pods: fc.record({ namespaceSelector: selector, podSelector: selector }) }),
  // Without selectors that the schema wants; tools read them as empty.
  fc.record({ pods: fc.record({ podSelector: selector }) }),
);
const networks = fc.record({
  networks: fc.constantFrom(['192.0.2.0/24'], ['0.0.0.0/0', '2001:db8::/32'], ['10.0.0.0/30']),
});
const port = fc.constantFrom(80, 443, 8080);
const ports = fc.option(
  fc.array(
    fc.oneof(
      fc.record({ portNumber: fc.record({ port }) }),
      fc.record({
        portNumber: fc.record({ port, protocol: fc.constantFrom('TCP', 'UDP') }),
      }),
      port.map((start) => ({ portRange: { start, end: start } })),
      fc.constant({ portRange: { start: 79, end: 443, protocol: 'UDP' } }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  { nil: undefined },
);

/** The list, or now and then so often that it has to be split. */
function oftenLong<Item>(list: fc.Arbitrary<Item[]>): fc.Arbitrary<Item[]> {
  return fc
    .tuple(list, fc.constantFrom(1, 1, 1, 9))
    .map(([items, times]) => Array.from({ length: times }, () => items).flat());
}

const action = fc.constantFrom('Allow', 'Deny', 'Pass');
const ingress = fc.record({
  action,
  from: oftenLong(fc.array(pods, { minLength: 1, maxLength: 3 })),
  ports,
});
const egress = fc.record({
  action,
  to: oftenLong(fc.array(fc.oneof(pods, networks), { minLength: 1, maxLength: 3 })),
  ports: ports.map((some) => (some ? Array.from({ length: 10 }, () => some).flat() : some)),
});
const rules = {
  subject: pods,
  ingress: oftenLong(fc.array(ingress, { maxLength: 4 })),
  egress: oftenLong(fc.array(egress, { maxLength: 4 })),
};

function object(kind: string, name: string, spec: object): SourceObject {
  const apiVersion = 'policy.networking.k8s.io/v1alpha1';
  return { value: { apiVersion, kind, metadata: { name }, spec } };
}

/** AdminNetworkPolicies, equal priorities included, and sometimes the baseline; many with lists that a newer kind cannot have. */
export const adminPolicyObjects: fc.Arbitrary<SourceObject[]> = fc
  .tuple(
    fc.array(fc.record({ priority: fc.constantFrom(0, 1, 2, 3, 998, 999, 1_000), ...rules }), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.option(fc.record(rules)),
  )
  .map(([admin, baseline]) => [
    ...admin.map((spec, index) => object('AdminNetworkPolicy', `admin-${index}`, spec)),
    ...(baseline ? [object('BaselineAdminNetworkPolicy', 'default', withoutPass(baseline))] : []),
  ]);

/** The baseline cannot pass. */
function withoutPass<Spec extends { readonly ingress: Ruled[]; readonly egress: Ruled[] }>(
  spec: Spec,
): Spec {
  const isAllowed = (rule: Ruled): boolean => rule.action !== 'Pass';
  return {
    ...spec,
    ingress: spec.ingress.filter(isAllowed),
    egress: spec.egress.filter(isAllowed),
  };
}

interface Ruled {
  readonly action: string;
}
