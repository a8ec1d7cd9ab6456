import { afterAll, describe, expect, it } from '@jest/globals';
import {
  exposure,
  NETWORK_POLICY,
  parseObjects,
  referenceEvaluator,
  type PortProtocol,
} from '@picket/verdict';
import * as fc from 'fast-check';

import { exposureDifferences } from '../support/corpora/compare-exposure.ts';
import { corpora, corpusCases } from '../support/corpora/corpora.ts';
import { inputOf } from '../support/corpora/describe-conformance.ts';
import { Tally } from '../support/corpora/tally.ts';
import { describeWith } from '../support/services/describe-with.ts';
import {
  flowsBetween,
  inventoryObjects,
  policyObjects,
} from '../support/verdict/random-cluster.ts';

/**
 * Lines that upstream shows and we do not, with the reason. Upstream leaves a peer out when a known pod has its very labels, but not when
 * a label is written as `In` with one value (eval/exposure.go, removeRepresentativePeersMatchingLabels), although elsewhere it takes the
 * two for the same (k8s/representative_selectors.go, SelectorsFullMatch). One meaning has one answer here.
 */
const WRITTEN_OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  'netpol-analyzer/exposure_test_with_different_rules_6_with_matching_pods': [
    'missing: hello-world/workload-a[Deployment] ingress [env In env-1; foo In managed]/[app In app-x; role In api]: TCP 8080-8080',
  ],
};

describeWith(corpora, 'exposure agrees with public projects', () => {
  const cases = corpusCases.flatMap((each) =>
    each.exposure ? [[each.id, each, each.exposure] as const] : [],
  );
  const tally = new Tally('exposure');

  it.each(cases)('%s', (id, each, expected) => {
    const rows = expected.egress.length + expected.ingress.length;
    const count = tally.count(id.split('/')[0] ?? '', rows);

    const differences = exposureDifferences(exposure(inputOf(each), { families: [4] }), expected);

    expect(differences).toEqual(WRITTEN_OTHERWISE[id] ?? []);
    count.failed--;
  });

  afterAll(() => tally.print());
});

describe('exposure, for any cluster and NetworkPolicies', () => {
  const asked = fc.tuple(inventoryObjects, policyObjects).chain(([inventory, all]) => {
    const parsed = parseObjects([...inventory, ...all]);
    // Only these cannot deny one pod what they allow to all.
    const policies = parsed.policies.filter(({ tier }) => tier === NETWORK_POLICY);
    const names = parsed.inventory.workloads.map(({ namespace, name }) => `${namespace}/${name}`);
    return fc.record({
      // Else a network of one family would open the pods of that family only.
      input: fc.constant({ ...parsed, policies, semantics: { networksMatchPods: false } }),
      flows: fc.array(flowsBetween(names), { minLength: 8 }),
    });
  });

  it('denies no pod what it calls open to the entire cluster', () => {
    let open = 0;
    fc.assert(
      fc.property(asked, ({ input, flows }) => {
        const exposed = exposure(input);
        const reference = referenceEvaluator(input);
        for (const flow of flows)
          for (const direction of ['egress', 'ingress'] as const) {
            const [own, other] =
              direction === 'egress' ? [flow.src, flow.dst] : [flow.dst, flow.src];
            if (!('workload' in own) || !('workload' in other)) continue;
            const cluster = exposed
              .find(
                (each) => each.workload === `${own.workload}[Pod]` && each.direction === direction,
              )
              ?.peers.find(({ peer }) => peer.kind === 'cluster');
            const ranges = cluster?.connections[flow.protocol as PortProtocol] ?? [];
            const port = flow.port ?? 0;
            if (!ranges.some(([first, last]) => first <= port && port <= last)) continue;

            open++;
            expect(reference.judge(flow)[direction].verdict).not.toBe('denied');
          }
      }),
      { numRuns: Number(process.env['PICKET_RUNS'] ?? 200) },
    );
    expect(open).toBeGreaterThan(200);
  });
});
