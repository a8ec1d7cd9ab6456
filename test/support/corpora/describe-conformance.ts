import { afterAll, expect, it } from '@jest/globals';
import {
  parseObjects,
  type ConnectivityRow,
  type Evaluator,
  type Input,
  type ObjectProblem,
  type Semantics,
} from '@picket/verdict';

import { describeWith } from '../services/describe-with.ts';
import { diffDifferences, rowDifferences } from './compare-connectivity.ts';
import { probeDifferences } from './compare-probes.ts';
import { corpora, corpusCases, diffCases, objectsIn, type CorpusCase } from './corpora.ts';
import { Tally } from './tally.ts';

/** The semantics that the corpora's README states for each kind of case. */
const SEMANTICS: Readonly<Record<'connlist-workload' | 'probe-pod', Partial<Semantics>>> = {
  'connlist-workload': { hostNetworkAsPods: true, networksMatchPods: false, judgeOwnNode: true },
  'probe-pod': { judgeSelf: true },
};

/** Problems of manifests that upstream's tests use without an API server, which would refuse them: by code, with the reason. */
const REFUSED_UPSTREAM: Readonly<Record<string, string>> = {
  NAME_WRONG:
    'kube-network-policies’ unit tests name a BaselineAdminNetworkPolicy otherwise than `default`',
};

/** Reads a case's manifests the way that a caller of the library does. */
export function inputOf({ manifests, semantics }: CorpusCase): Input & {
  readonly problems: readonly ObjectProblem[];
} {
  const objects = manifests.flatMap((file) => objectsIn(file).map((value) => ({ file, value })));
  return {
    ...parseObjects(objects),
    ...(semantics !== 'must-reject' && { semantics: SEMANTICS[semantics] }),
  };
}

/** Every row of every case, one test per case; prints what passed and failed per source. */
export function describeConformance(
  evaluator: string,
  evaluatorOf: (input: Input) => Evaluator,
): void {
  describeWith(corpora, `the ${evaluator} agrees with public projects`, () => {
    const cases = corpusCases.filter((each) => each.semantics !== 'must-reject');
    const tally = new Tally(evaluator);

    it.each(cases.map((each) => [each.id, each] as const))('%s', (id, each) => {
      const count = tally.count(id.split('/')[0] ?? '', each.expected.length);

      const input = inputOf(each);
      const differences = differencesOf(evaluatorOf(input), each);

      const errors = input.problems.filter(({ severity }) => severity === 'error');
      expect(errors.filter(({ code }) => REFUSED_UPSTREAM[code] === undefined)).toEqual([]);
      expect(differences).toEqual([]);
      count.failed--;
    });

    it.each(diffCases.map((each) => [each.id, each] as const))('%s', (_, each) => {
      const rowsOf = (id: string): ConnectivityRow[] => {
        const found = corpusCases.find((candidate) => candidate.id === id);
        return found ? evaluatorOf(inputOf(found)).connectivity({ families: [4] }) : [];
      };
      const count = tally.count('netpol-analyzer-diff', each.expected.length);

      const differences = diffDifferences(rowsOf(each.before), rowsOf(each.after), each.expected);

      expect(differences).toEqual([]);
      count.failed--;
    });

    afterAll(() => tally.print());
  });
}

/** Rows of the case for which the evaluator says otherwise. */
export function differencesOf(evaluator: Evaluator, each: CorpusCase): string[] {
  if (each.semantics === 'probe-pod') return probeDifferences(evaluator, each.expected);
  return rowDifferences(evaluator.connectivity({ families: [4] }), each.expected);
}
