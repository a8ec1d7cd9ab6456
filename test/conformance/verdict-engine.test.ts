import { compile } from '@picket/verdict';

import { describeConformance } from '../support/corpora/describe-conformance.ts';
import { describeSemantics } from '../support/verdict/describe-semantics.ts';

describeSemantics('engine', compile);
describeConformance('engine', compile);
