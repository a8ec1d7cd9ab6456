import { InvalidArgumentError, type Command } from 'commander';

import { Failure, exitCode } from '../exit-code.ts';
import type { FleetMember } from '../hub/operations.ts';
import { hasWhatItShould, isUnwell, readFleet, summarize, untilSettled } from '../hub/status.ts';
import { type Column, type OutputFormat, oneLine, render, shortKind } from '../output/render.ts';
import { type HubFlags, connect, hubCommand, outputOption } from './hub-command.ts';

interface StatusFlags extends HubFlags {
  readonly output: OutputFormat;
  readonly selector?: string;
  readonly wait?: number;
}

/** `picket get status`: does every cluster have what it should have? */
export function getStatusCommand(): Command {
  return hubCommand('status')
    .summary('tell whether each cluster has what it should have')
    .description(
      'Tells whether each cluster has what it should have, and what stands in the way. ' +
        'Exit code 1: a cluster failed, drifted or is blocked; with --wait also: not all were done in time.',
    )
    .argument('[cluster]', 'only this one')
    .option('-l, --selector <labels>', 'only clusters with these labels, as in kubectl')
    .option('--wait <seconds>', 'wait until all are done, at most so long', parseSeconds)
    .addOption(outputOption())
    .action(async (name: string | undefined, flags: StatusFlags) => {
      const hub = connect(flags);
      const filter = { project: flags.project, labelSelector: flags.selector };
      const read = async (): Promise<FleetMember[]> =>
        (await readFleet(hub, filter)).filter(
          (member) => name === undefined || member.name === name,
        );

      const fleet = await untilSettled(read, {
        timeoutMs: (flags.wait ?? 0) * 1_000,
        onChange: (seen) => {
          if (flags.wait !== undefined) console.error(summarize(seen));
        },
      });

      if (name !== undefined && fleet.length === 0)
        throw new Failure(
          exitCode.refused,
          `There is no cluster ${name} in project ${flags.project}`,
        );
      console.log(render(flags.output, fleet, columns));
      for (const line of fleet.flatMap(describeProblems)) console.error(line);
      const isLate = flags.wait !== undefined && !fleet.every(hasWhatItShould);
      if (isLate || fleet.some(isUnwell)) process.exitCode = exitCode.different;
    });
}

const columns: readonly Column<FleetMember>[] = [
  ['CLUSTER', ({ name }) => name],
  ['STATUS', ({ status }) => status.phase.toLowerCase()],
  ['APPLIED', ({ status }) => String(status.counts.applied)],
  ['PENDING', ({ status }) => String(status.counts.pending)],
  ['FAILED', ({ status }) => String(status.counts.failed)],
  ['DRIFTED', ({ status }) => String(status.counts.drifted)],
  ['POLICY SET', ({ status }) => status.desiredDigest?.slice(0, 12) ?? '-'],
  ['LAST SEEN', ({ lastSeenAt }) => lastSeenAt ?? 'never'],
];

function describeProblems({ name, status }: FleetMember): string[] {
  const objects = (status.problems ?? []).map(
    ({ kind, namespace, name: object, state, message }) =>
      `${shortKind(kind)} ${namespace ? `${namespace}/` : ''}${object} ${state}: ${message ?? ''}`,
  );
  return [...(status.reason === null ? [] : [status.reason]), ...objects].map((line) =>
    oneLine(`${name}: ${line}`),
  );
}

function parseSeconds(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Give whole seconds.');
  return Number(text);
}
