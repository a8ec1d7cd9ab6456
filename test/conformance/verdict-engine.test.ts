import { compile } from '@picket/verdict';

import { describeConformance } from '../support/corpora/describe-conformance.ts';

describeConformance('engine', compile);
