import { Command, Option } from 'commander';

import type { Question } from '../analyze/question.ts';
import { InputRejected } from '../analyze/input-rejected.ts';
import { type OutputFormat, jsonArray, outputFormats } from '../analyze/output-format.ts';
import { writeOut } from '../analyze/write-out.ts';
import { exitCode } from '../exit-code.ts';

/** The flags that every command has that analyzes manifests. */
export interface AnalyzeFlags {
  readonly filename: readonly string[];
  readonly output: OutputFormat;
  readonly hostNetworkAsPods?: true;
  readonly networksMatchPods?: boolean;
  readonly judgeSelf?: true;
  readonly judgeOwnNode?: true;
  readonly judgeIcmp?: true;
}

interface Defaults {
  /** Whether CIDRs mean pods too, unless a flag says otherwise; absent where no flag changes the answer. */
  readonly networksMatchPods?: boolean;
  /** The first one unless a flag says otherwise. */
  readonly formats?: readonly OutputFormat[];
}

/** A command that reads manifests. */
export function analyzeCommand(
  name: string,
  { networksMatchPods, formats = outputFormats }: Defaults,
): Command {
  const [first = 'txt'] = formats;
  const command = new Command(name)
    .addOption(
      new Option(
        '-f, --filename <path...>',
        'files of manifests, folders with all below them, or - for standard input',
      ).makeOptionMandatory(),
    )
    .addOption(new Option('-o, --output <format>', 'how to print').choices(formats).default(first));
  if (networksMatchPods === undefined) return command;
  return command
    .option('--host-network-as-pods', 'pods on the host network are bound and picked like others')
    .option('--networks-match-pods', 'CIDRs pick pods by address too', networksMatchPods)
    .option('--no-networks-match-pods', 'CIDRs pick outside addresses and nodes only')
    .option('--judge-self', 'policies bind what a pod sends to itself')
    .option('--judge-own-node', 'policies bind traffic between a pod and its own node')
    .option('--judge-icmp', 'policies that speak of ports bind ICMP too');
}

/** Answers the question that the flags ask, on standard output. Input that is refused is told there too where machines read it. */
export async function answer<Flags extends AnalyzeFlags>(
  flags: Flags,
  work: (question: Question) => Promise<Iterable<string>>,
): Promise<void> {
  const { filename, output, hostNetworkAsPods, networksMatchPods } = flags;
  const { judgeSelf, judgeOwnNode, judgeIcmp } = flags;
  try {
    const pieces = await work({
      paths: filename,
      output,
      semantics: {
        hostNetworkAsPods: hostNetworkAsPods ?? false,
        networksMatchPods: networksMatchPods ?? false,
        judgeSelf: judgeSelf ?? false,
        judgeOwnNode: judgeOwnNode ?? false,
        judgeIcmp: judgeIcmp ?? false,
      },
      onFinding: () => {
        process.exitCode = exitCode.different;
      },
      warn: (line) => console.error(line),
    });
    await writeOut(pieces);
  } catch (error) {
    if (error instanceof InputRejected && output === 'json')
      await writeOut(jsonArray(error.problems.map((problem) => JSON.stringify(problem))));
    throw error;
  }
}
