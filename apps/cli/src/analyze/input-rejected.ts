import { Failure, exitCode } from '../exit-code.ts';
import { oneLine } from '../output/render.ts';

/** One thing that is wrong with what was read, in the shape that machines get. */
export interface InputProblem {
  /** As it was named on the command line, or below it; `-` for standard input. */
  readonly file: string;
  /** Into the object, such as `spec.ingress[0].from`; empty for the whole of it. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** More of them are counted and not told. */
export const PROBLEMS_MAX = 1_000;

/** Something of the input is refused, so nothing of it was judged. */
export class InputRejected extends Failure {
  readonly problems: readonly InputProblem[];

  constructor(problems: readonly InputProblem[]) {
    const told = atMost(PROBLEMS_MAX, problems);
    super(exitCode.badInput, told.map(problemText).join('\n'));
    this.problems = told;
  }
}

/** The problem in one line for people. */
export function problemText({ file, path, code, message }: InputProblem): string {
  const where = file === '-' ? 'standard input' : file;
  return oneLine(`${where}: ${path === '' ? '' : `${path}: `}${message} (${code})`);
}

/** An answer has a bound, however wrong the input. */
function atMost(limit: number, problems: readonly InputProblem[]): readonly InputProblem[] {
  const last = problems[limit - 1];
  if (problems.length <= limit || !last) return problems;
  const message = `${problems.length - limit + 1} more problems are not listed`;
  return [
    ...problems.slice(0, limit - 1),
    { file: last.file, path: '', code: 'TOO_MANY', message },
  ];
}
