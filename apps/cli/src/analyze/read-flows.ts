import { createReadStream } from 'node:fs';

import { FlowTable } from './flow-table.ts';
import { InputRejected, type InputProblem, PROBLEMS_MAX } from './input-rejected.ts';
import { linesOf } from './lines-of.ts';
import { NotAFlow, readFlow } from './read-flow.ts';

const FLOWS_MAX = 20_000_000;

/** Reads flows, one JSON object on each line; `-` is standard input. Throws InputRejected with every line that is no flow. */
export async function readFlows(file: string): Promise<FlowTable> {
  const flows = new FlowTable();
  const problems: InputProblem[] = [];
  let line = 0;
  try {
    const stream = file === '-' ? process.stdin : createReadStream(file);
    for await (const text of linesOf(stream as AsyncIterable<Uint8Array>)) {
      line++;
      const problem = text.trim() === '' ? undefined : add(flows, text, line);
      if (problem) problems.push(flowProblem(file, line, problem));
      if (problems.length === PROBLEMS_MAX) break;
    }
  } catch (error) {
    problems.push({ file, path: '', code: 'FILE_UNREADABLE', message: (error as Error).message });
  }
  if (problems.length > 0) throw new InputRejected(problems);
  return flows;
}

/** `path` is into the list of lines, the first of which is `[0]`; people get its number. */
export function flowProblem(
  file: string,
  line: number,
  { path, code, message }: Omit<InputProblem, 'file'>,
): InputProblem {
  const at = `[${line - 1}]${path === '' ? '' : `.${path}`}`;
  return { file, path: at, code, message: `line ${line}: ${message}` };
}

function add(flows: FlowTable, text: string, line: number): NotAFlow | undefined {
  if (flows.count === FLOWS_MAX)
    return new NotAFlow('', 'TOO_MANY', `at most ${FLOWS_MAX} flows are judged at once`);
  try {
    flows.add(readFlow(text), line);
    return undefined;
  } catch (error) {
    if (error instanceof NotAFlow) return error;
    throw error;
  }
}
