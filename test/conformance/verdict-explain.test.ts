import { afterAll, describe, expect, it } from '@jest/globals';
import {
  compile,
  explain,
  explanationText,
  parsePolicies,
  referenceEvaluator,
  type Addition,
  type Answer,
  type Explanation,
  type Flow,
  type Input,
  type Policy,
} from '@picket/verdict';
import * as fc from 'fast-check';

import { explainDifferences } from '../support/corpora/compare-explain.ts';
import { corpora, corpusCases } from '../support/corpora/corpora.ts';
import { inputOf } from '../support/corpora/describe-conformance.ts';
import { Tally } from '../support/corpora/tally.ts';
import { describeWith } from '../support/services/describe-with.ts';
import { flowsIn, input } from '../support/verdict/arbitrary-input.ts';

const numRuns = Number(process.env['PICKET_RUNS'] ?? 400);

describeWith(corpora, 'explain agrees with public projects', () => {
  const cases = corpusCases.flatMap((each) =>
    each.explain ? [[each.id, each, each.explain.items] as const] : [],
  );
  const tally = new Tally('explain');

  it.each(cases)('%s', (id, each, pairs) => {
    const count = tally.count(id.split('/')[0] ?? '', pairs.length);
    const of = inputOf(each);
    const engine = compile(of);

    const differences = explainDifferences((flow) => explain(engine, of, flow), pairs);

    expect(differences).toEqual([]);
    count.failed--;
  });

  afterAll(() => tally.print());
});

describe('for any cluster, policies and flow', () => {
  const asked = input.chain((of) =>
    fc.record({ of: fc.constant(of), flows: flowsIn(of.inventory) }),
  );

  it('explains what the evaluator says, in words', () => {
    fc.assert(
      fc.property(asked, ({ of, flows }) => {
        const reference = referenceEvaluator(of);
        for (const flow of flows) {
          const explanation = explain(reference, of, flow);

          expect(explanation.verdict).toBe(reference.judge(flow).verdict);
          expect(explanation.remedy !== undefined).toBe(explanation.verdict === 'denied');
          expect(explanationText(explanation).join(' ')).not.toMatch(
            /undefined|\[object|: \.| {2}/,
          );
        }
      }),
      { numRuns },
    );
  });

  it('suggests additions that allow the flow', () => {
    let allowed = 0;
    fc.assert(
      fc.property(asked, ({ of, flows }) => {
        for (const flow of flows) {
          const { remedy } = explain(referenceEvaluator(of), of, flow);
          if (!remedy || remedy.blockers.length > 0) continue;

          expect(referenceEvaluator(withAdditions(of, remedy.additions)).judge(flow).verdict).toBe(
            'allowed',
          );
          allowed++;
        }
      }),
      { numRuns },
    );
    expect(allowed).toBeGreaterThan(numRuns / 40);
  });

  it('suggests additions that change no other connection than they say', () => {
    const withOthers = asked.chain(({ of, flows }) =>
      fc.record({
        of: fc.constant(of),
        flow: fc.constantFrom(...flows),
        others: fc.array(flowsIn(of.inventory), { minLength: 4, maxLength: 4 }),
      }),
    );
    fc.assert(
      fc.property(withOthers, ({ of, flow, others }) => {
        const before = referenceEvaluator(of);
        const explanation = explain(before, of, flow);
        const additions = explanation.remedy?.additions ?? [];
        if (additions.length === 0) return;

        const after = referenceEvaluator(withAdditions(of, additions));

        for (const other of others.flat()) {
          const was = before.judge(other).verdict;
          const answer = after.judge(other);
          const is = answer.verdict;
          if (was === is || isLeftOpen(other, answer)) continue;
          const said = saidOf(explanation, other);
          expect({ other, was, is, ...said }).toMatchObject(
            is === 'allowed' ? { opens: true } : { mayClose: true },
          );
        }
      }),
      { numRuns: numRuns * 2 },
    );
  });
});

function withAdditions(of: Input, additions: readonly Addition[]): Input {
  const added: readonly Policy[] = parsePolicies(
    additions.map(({ manifest }) => ({ value: manifest })),
  ).policies;
  return { ...of, policies: [...of.policies, ...added] };
}

/** What the additions say that they do to another flow. */
function saidOf(
  { flow, remedy }: Explanation,
  other: Flow,
): { readonly opens: boolean; readonly mayClose: boolean } {
  const [src, dst] = other.reply ? [other.dst, other.src] : [other.src, other.dst];
  const meets = (names: readonly string[], peer: Flow['src']): boolean =>
    'workload' in peer ? meetsWorkload(names, peer.workload) : names.length > 0;
  const said = (remedy?.additions ?? []).map(({ direction, binds, peers, isolates }) => {
    const [own, far] = direction === 'egress' ? [src, dst] : [dst, src];
    const isBound = meets(binds, own);
    const isSamePort =
      flow.port === undefined || (flow.port === other.port && flow.protocol === other.protocol);
    return { opens: isBound && meets(peers, far) && isSamePort, mayClose: isBound && isolates };
  });
  return {
    opens: said.some(({ opens }) => opens),
    mayClose: said.some(({ opens, mayClose }) => mayClose || opens),
  };
}

/** What no NetworkPolicy decides, whatever it says: ICMP, traffic with the pod's own node, and a peer whose address or node is not known. */
function isLeftOpen({ port }: Flow, { egress, ingress }: Answer): boolean {
  return (
    port === undefined ||
    [egress, ingress].some(
      ({ because, unknown }) =>
        because === 'own-node' || unknown.some((reason) => /node|address/.test(reason)),
    )
  );
}

/** A flow may name a workload by its owner, whose pods are many: the name alone does not tell, so the owner counts as meant. */
function meetsWorkload(names: readonly string[], workload: string): boolean {
  return workload.endsWith(']') || names.includes(workload);
}
