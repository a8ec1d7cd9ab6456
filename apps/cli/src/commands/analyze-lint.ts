import type { Command } from 'commander';

import { lintPolicies } from '../analyze/lint-policies.ts';
import type { OutputFormat } from '../analyze/output-format.ts';
import { type AnalyzeFlags, analyzeCommand, answer } from './analyze-command.ts';

interface LintFlags extends AnalyzeFlags {
  readonly output: Exclude<OutputFormat, 'dot'>;
}

/** `picket analyze lint`: what is suspicious about the policies? */
export function analyzeLintCommand(): Command {
  return analyzeCommand('lint', { formats: ['txt', 'json', 'csv', 'md'] })
    .summary('find policies and rules without effect, and the over-broad')
    .description(
      'Finds rules that never decide or that others make needless, selectors that pick nothing, equal priorities, and rules that allow too much. ' +
        'Exit code 0: nothing was found. 1: something was.',
    )
    .action((flags: LintFlags) =>
      answer(flags, (question) => lintPolicies({ ...question, output: flags.output })),
    );
}
