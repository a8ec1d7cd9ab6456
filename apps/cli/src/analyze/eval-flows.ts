import { compile } from '@picket/verdict';

import { Failure, exitCode } from '../exit-code.ts';
import { answersText } from './answers-text.ts';
import { judgeFlows } from './judge-flows.ts';
import type { OutputFormat } from './output-format.ts';
import { type Question, tellingFindings } from './question.ts';
import { readCluster } from './read-cluster.ts';
import { readFlows } from './read-flows.ts';

/** The verdict of each flow of the file, piece by piece. Throws InputRejected. */
export async function evalFlows(
  { paths, semantics, output, onFinding, warn }: Question<Exclude<OutputFormat, 'dot'>>,
  file: string,
): Promise<Iterable<string>> {
  if (file === '-' && paths.includes('-'))
    throw new Failure(exitCode.badInput, 'Standard input holds manifests or flows, not both');
  const cluster = await readCluster(paths, warn);
  const flows = await readFlows(file);
  const answers = judgeFlows(compile({ ...cluster, semantics }), flows, file);
  return answersText(
    output,
    tellingFindings(answers, ({ isExpected }) => !isExpected, onFinding),
  );
}
