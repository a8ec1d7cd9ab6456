import type { Command } from 'commander';

import { evalFlows } from '../analyze/eval-flows.ts';
import type { OutputFormat } from '../analyze/output-format.ts';
import { type AnalyzeFlags, analyzeCommand, answer } from './analyze-command.ts';

interface EvalFlags extends AnalyzeFlags {
  readonly flows: string;
  readonly output: Exclude<OutputFormat, 'dot'>;
}

const HELP_AFTER = `
A flow is one line of JSON:
  {"src": "shop/web[Deployment]", "dst": "shop/db-0", "protocol": "TCP", "port": 5432, "expect": "allowed"}
  src, dst   namespace/pod, namespace/owner[Kind], or an address
  protocol   TCP, UDP, SCTP, ICMP or ICMPv6; the last two without port
  expect     allowed (if not given), denied or unknown`;

/** `picket analyze eval --flows`: is each of these connections allowed, and by what? */
export function analyzeEvalCommand(): Command {
  return analyzeCommand('eval', {
    networksMatchPods: true,
    formats: ['json', 'txt', 'csv', 'md'],
  })
    .summary('judge connections, with the policy and rule that decide')
    .description(
      'Judges each connection of a file, and prints the verdict with the policy and rule that decided, in the order of the file. ' +
        'Exit code 0: all verdicts are as expected. 1: one is not.',
    )
    .requiredOption('--flows <file>', 'connections as JSON lines, or - for standard input')
    .addHelpText('after', HELP_AFTER)
    .action((flags: EvalFlags) =>
      answer(flags, (question) => evalFlows({ ...question, output: flags.output }, flags.flows)),
    );
}
