import { readFileSync } from 'node:fs';
import path from 'node:path';

import { expect, it } from '@jest/globals';
import { holdsFor, parseCalicoSelector, SelectorTextInvalid } from '@picket/selector';

import { corpora, corporaFolder } from '../support/corpora/corpora.ts';
import { describeWith } from '../support/services/describe-with.ts';

type LabelSet = Readonly<Record<string, string>>;

interface SelectorCase {
  readonly kind: 'match' | 'invalid' | 'canonical';
  readonly selector: string;
  readonly canonical?: string;
  readonly matches?: readonly LabelSet[];
  readonly nonMatches?: readonly LabelSet[];
}

function casesOf(kind: SelectorCase['kind']): (readonly [string, SelectorCase])[] {
  if (corpora.missing !== undefined) return [];
  return readFileSync(path.join(corporaFolder, 'calico-selectors/selectors.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SelectorCase)
    .filter((each) => each.kind === kind)
    .map((each) => [each.selector, each] as const);
}

describeWith(corpora, 'selectors of Calico’s own tests', () => {
  it.each(casesOf('match'))(
    '%s matches what Calico says',
    (selector, { matches = [], nonMatches = [] }) => {
      const formula = parseCalicoSelector(selector);

      expect(matches.filter((labels) => !holdsFor(formula, labels))).toEqual([]);
      expect(nonMatches.filter((labels) => holdsFor(formula, labels))).toEqual([]);
    },
  );

  it.each(casesOf('invalid'))('%s is refused', (selector) => {
    expect(() => parseCalicoSelector(selector)).toThrow(SelectorTextInvalid);
  });

  it.each(casesOf('canonical'))(
    '%s means the same as its canonical form',
    (selector, { canonical = '' }) => {
      expect(parseCalicoSelector(selector)).toEqual(parseCalicoSelector(canonical));
    },
  );
});
