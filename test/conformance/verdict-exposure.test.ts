import { afterAll, expect, it } from '@jest/globals';
import { exposure } from '@picket/verdict';

import { exposureDifferences } from '../support/corpora/compare-exposure.ts';
import { corpora, corpusCases } from '../support/corpora/corpora.ts';
import { inputOf } from '../support/corpora/describe-conformance.ts';
import { Tally } from '../support/corpora/tally.ts';
import { describeWith } from '../support/services/describe-with.ts';

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
