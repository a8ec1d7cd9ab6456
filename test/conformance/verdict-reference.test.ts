import { referenceEvaluator } from '@picket/verdict';

import { describeConformance } from '../support/corpora/describe-conformance.ts';
import { describeSemantics } from '../support/verdict/describe-semantics.ts';

describeSemantics('reference evaluator', referenceEvaluator);
describeConformance('reference evaluator', referenceEvaluator);
