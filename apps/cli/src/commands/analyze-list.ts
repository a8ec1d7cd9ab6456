import type { Command } from 'commander';

import { listConnectivity } from '../analyze/list-connectivity.ts';
import { type AnalyzeFlags, analyzeCommand, answer } from './analyze-command.ts';

/** `picket analyze list`: who may open what to whom. */
export function analyzeListCommand(): Command {
  return analyzeCommand('list', { networksMatchPods: false })
    .summary('list who may open what to whom')
    .description(
      'Lists every pair of workloads, and of workloads and outside addresses, with the ports that the policies leave open. ' +
        'A pair that is not listed can open nothing. IPv6 is listed where the manifests name it.',
    )
    .action((flags: AnalyzeFlags) => answer(flags, listConnectivity));
}
