import { type Command, InvalidArgumentError } from 'commander';

import { explainFlow } from '../analyze/explain-flow.ts';
import type { OutputFormat } from '../analyze/output-format.ts';
import { type AnalyzeFlags, analyzeCommand, answer } from './analyze-command.ts';

interface ExplainFlags extends AnalyzeFlags {
  readonly output: Extract<OutputFormat, 'txt' | 'json'>;
  readonly src: string;
  readonly dst: string;
  readonly protocol: string;
  readonly port?: number;
}

const HELP_AFTER = `
SRC and DST are namespace/pod, namespace/owner[Kind], or an address.

Example:
  picket analyze explain -f manifests --src shop/web --dst shop/db --port 5432`;

/** `picket analyze explain`: why is this connection allowed or not? */
export function analyzeExplainCommand(): Command {
  return analyzeCommand('explain', { networksMatchPods: true, formats: ['txt', 'json'] })
    .summary('explain why one connection is allowed or not')
    .description(
      'Explains which policies decide about one connection. Of one that is denied it tells the smallest NetworkPolicy that would allow it, or who has to change what. ' +
        'Exit code 0: the connection is allowed. 1: it is denied, or that cannot be known.',
    )
    .requiredOption('--src <peer>', 'who opens the connection')
    .requiredOption('--dst <peer>', 'to whom')
    .option('--port <number>', 'destination port', parsePort)
    .option('--protocol <name>', 'TCP, UDP, SCTP, ICMP or ICMPv6', 'TCP')
    .addHelpText('after', HELP_AFTER)
    .action((flags: ExplainFlags) =>
      answer(flags, (question) => explainFlow({ ...question, output: flags.output }, flags)),
    );
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text))
    throw new InvalidArgumentError('A port is a number from 1 to 65535.');
  return Number(text);
}
