import type { Command } from 'commander';

import { listConnectivity } from '../analyze/list-connectivity.ts';
import { listExposure } from '../analyze/list-exposure.ts';
import { type AnalyzeFlags, analyzeCommand, answer } from './analyze-command.ts';

interface ListFlags extends AnalyzeFlags {
  readonly exposure?: true;
}

/** `picket analyze list`: who may open what to whom. */
export function analyzeListCommand(): Command {
  return analyzeCommand('list', { networksMatchPods: false })
    .summary('list who may open what to whom')
    .description(
      'Lists every pair of workloads, and of workloads and outside addresses, with the ports that the policies leave open. ' +
        'A pair that is not listed can open nothing. IPv6 is listed where the manifests name it.',
    )
    .option(
      '--exposure',
      'instead: who beyond these workloads could reach them or be reached, such as pods that may come to be',
    )
    .action((flags: ListFlags) => answer(flags, flags.exposure ? listExposure : listConnectivity));
}
