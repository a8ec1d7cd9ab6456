import { expect, it } from '@jest/globals';

import { corpora, corpusCases } from '../support/corpora/corpora.ts';
import { inputOf } from '../support/corpora/describe-conformance.ts';
import { describeWith } from '../support/services/describe-with.ts';

/** The field that each of upstream's errors is about. */
const FIELDS: Readonly<Record<string, RegExp>> = {
  PriorityErrExplain: /^spec\.priority$/,
  PriorityValueErr: /^spec\.priority$/,
  ANPEgressRulePeersErr: /^spec\.egress\[\d+\]\.to$/,
  ANPIngressRulePeersErr: /^spec\.ingress\[\d+\]\.from$/,
  UnknownRuleActionErr: /\.action$/,
  InvalidCIDRAddr: /\.networks\[\d+\]$/,
  OneFieldSetSubjectErr: /^spec\.subject$/,
  OneFieldSetRulePeerErr: /\.(from|to)\[\d+\]$/,
  ANPPortsError: /\.ports\[\d+\]$/,
  IllegalPortRangeError: /\.portRange\.end$/,
  BANPNameAssertion: /^metadata\.name$/,
  NPWithSameNameError: /^metadata\.name$/,
  EndPortWithNamedPortErrStr: /\.endPort$/,
};

describeWith(corpora, 'input that public projects refuse', () => {
  const cases = corpusCases.filter(({ semantics }) => semantics === 'must-reject');

  it.each(cases.map((each) => [each.id, each] as const))(
    'is refused with the field that is wrong: %s',
    (_, each) => {
      const symbol = each.expectedError?.symbols[0] ?? '';

      const errors = inputOf(each).problems.filter(({ severity }) => severity === 'error');

      expect(errors.map(({ path }) => path)).toContainEqual(
        expect.stringMatching(FIELDS[symbol] ?? /^never$/),
      );
      expect(errors[0]).toMatchObject({ file: expect.any(String), kind: expect.any(String) });
    },
  );
});
