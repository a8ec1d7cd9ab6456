import { Command } from 'commander';

import { analyzeDiffCommand } from './analyze-diff.ts';
import { analyzeEvalCommand } from './analyze-eval.ts';
import { analyzeExplainCommand } from './analyze-explain.ts';
import { analyzeLintCommand } from './analyze-lint.ts';
import { analyzeListCommand } from './analyze-list.ts';

const HELP_AFTER = `
Exit codes, for CI:
  0  done; nothing differs, everything is as expected
  1  something differs, is denied, or was found
  2  wrong usage, or the input is refused: nothing was judged

Examples:
  picket analyze list -f manifests
  kubectl get ns,deploy,sts,ds,netpol -A -o yaml | picket analyze list -f - -o csv
  picket analyze diff -f before -f after -o md
  picket analyze eval -f manifests --flows flows.jsonl
  picket analyze explain -f manifests --src shop/web --dst shop/db --port 5432
  picket analyze lint -f manifests`;

/** `picket analyze …`: what manifests allow, without a hub or a cluster. */
export function analyzeCommands(): Command {
  return new Command('analyze')
    .summary('tell what network policies in manifests allow, without a hub')
    .description(
      'Reads manifests of workloads, namespaces and network policies, and tells what may connect to what. Needs no hub and no cluster.',
    )
    .addHelpText('after', HELP_AFTER)
    .addCommand(analyzeListCommand())
    .addCommand(analyzeDiffCommand())
    .addCommand(analyzeEvalCommand())
    .addCommand(analyzeExplainCommand())
    .addCommand(analyzeLintCommand());
}
