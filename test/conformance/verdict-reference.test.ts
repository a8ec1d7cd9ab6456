import { referenceEvaluator } from '@picket/verdict';

import { describeConformance } from '../support/corpora/describe-conformance.ts';

describeConformance('reference evaluator', referenceEvaluator);
