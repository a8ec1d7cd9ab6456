import { referenceEvaluator } from '@picket/verdict';

import { describeConformance } from '../support/corpora/describe-conformance.ts';
import { describeLaws } from '../support/verdict/describe-laws.ts';
import { describeSemantics } from '../support/verdict/describe-semantics.ts';

describeSemantics('reference evaluator', referenceEvaluator);
describeLaws('reference evaluator', referenceEvaluator);
describeConformance('reference evaluator', referenceEvaluator);
