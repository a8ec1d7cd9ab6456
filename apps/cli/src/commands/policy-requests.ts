import { type Command, Option } from 'commander';

import { listAll } from '../hub/list-all.ts';
import {
  approveRequest,
  listRequests,
  type PolicyRequest,
  refuseRequest,
} from '../hub/policy-operations.ts';
import { type Column, oneLine, type OutputFormat, render } from '../output/render.ts';
import { changesText, textOf } from '../policy/tell-result.ts';
import { connect, type HubFlags, hubCommand, outputOption } from './hub-command.ts';

const columns: readonly Column<PolicyRequest>[] = [
  ['ID', ({ id }) => id],
  ['POLICY', ({ claim, name }) => `${claim}/${name}`],
  ['STATE', ({ state, stale }) => (stale ? 'stale' : state.toLowerCase())],
  ['BY', ({ requestedBy }) => requestedBy],
  ['REASON', ({ reason }) => reason ?? '-'],
  ['CREATED', ({ createdAt }) => createdAt],
];

/** `picket policy requests`: what waits for the platform team, with what it changes. */
export function requestsCommand(): Command {
  return hubCommand('requests')
    .description('list policy requests, the newest first')
    .addOption(
      new Option('--state <state>', 'only those')
        .choices(['PENDING', 'APPROVED', 'REFUSED', 'WITHDRAWN'])
        .default('PENDING'),
    )
    .option('--changes', 'with what each changes, and what of it is outside the guard rails')
    .addOption(outputOption())
    .action(async (flags: HubFlags & { state: string; changes?: true; output: OutputFormat }) => {
      const { project, state } = flags;
      const hub = connect(flags);
      const requests = await listAll(
        async (after) =>
          (await hub.ask(listRequests, { after, filter: { project, state } })).policyRequests,
      );
      console.log(render(flags.output, requests, columns));
      if (!flags.changes || flags.output !== 'table') return;
      for (const { id, changes, problems } of requests)
        console.log([`\n${oneLine(id)}`, changesText(changes), textOf(problems)].join('\n'));
    });
}

/** `picket policy approve ID`. */
export function approveCommand(): Command {
  return hubCommand('approve')
    .description('put in force what a policy request asks for; never one of your own')
    .argument('<id>', 'id of the request')
    .option('--reason <text>', 'why')
    .action(async (policyRequestId: string, flags: HubFlags & { reason?: string }) => {
      const input = { policyRequestId, reason: flags.reason };
      const { claim, name } = (await connect(flags).ask(approveRequest, { input }))
        .approvePolicyRequest;
      console.log(`${claim}/${name} is approved`);
    });
}

/** `picket policy refuse ID`. */
export function refuseCommand(): Command {
  return hubCommand('refuse')
    .description('refuse a policy request')
    .argument('<id>', 'id of the request')
    .requiredOption('--reason <text>', 'why')
    .action(async (policyRequestId: string, flags: HubFlags & { reason: string }) => {
      const input = { policyRequestId, reason: flags.reason };
      const { claim, name } = (await connect(flags).ask(refuseRequest, { input }))
        .refusePolicyRequest;
      console.log(`${claim}/${name} is refused`);
    });
}
