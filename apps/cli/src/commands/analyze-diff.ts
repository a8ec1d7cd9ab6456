import { Option, type Command } from 'commander';

import { diffClusters } from '../analyze/diff-clusters.ts';
import { type AnalyzeFlags, analyzeCommand, answer } from './analyze-command.ts';

interface DiffFlags extends AnalyzeFlags {
  readonly with?: readonly string[];
}

/** `picket analyze diff`: what one set of manifests opens or closes, compared with another. */
export function analyzeDiffCommand(): Command {
  return analyzeCommand('diff', { networksMatchPods: false })
    .summary('show what opens and closes between two sets of manifests')
    .description(
      'Compares two sets of manifests, -f BEFORE -f AFTER, by what they leave open: each pair whose ports differ. ' +
        'Exit code 0: they open the same. 1: they differ.',
    )
    .addOption(new Option('--with <path...>', 'manifests that belong to both, such as workloads'))
    .action((flags: DiffFlags) =>
      answer(flags, (question) => diffClusters(question, flags.with ?? [])),
    );
}
