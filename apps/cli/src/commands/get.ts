import { Command } from 'commander';

import { type Column, type OutputFormat, formatLabels, render } from '../output/render.ts';
import { listAll } from '../hub/list-all.ts';
import {
  type Assignment,
  type Blueprint,
  type Cluster,
  listAssignments,
  listBlueprints,
  listClusters,
} from '../hub/operations.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { getStatusCommand } from './get-status.ts';
import { type HubFlags, connect, hubCommand, outputOption } from './hub-command.ts';

interface GetFlags extends HubFlags {
  readonly output: OutputFormat;
  readonly selector?: string;
}

const clusterColumns: readonly Column<Cluster>[] = [
  ['NAME', ({ name }) => name],
  ['STATE', ({ state }) => state.toLowerCase()],
  ['STATUS', ({ status }) => status.phase.toLowerCase()],
  ['LAST SEEN', ({ lastSeenAt }) => lastSeenAt ?? 'never'],
  ['AGENT', ({ agentVersion }) => agentVersion ?? '-'],
  ['LABELS', ({ labels }) => formatLabels(labels)],
];

const blueprintColumns: readonly Column<Blueprint>[] = [
  ['NAME', ({ name }) => name],
  ['NEWEST', ({ newestVersion }) => (newestVersion ? `v${newestVersion.version}` : 'draft')],
  ['STATE', ({ newestVersion }) => newestVersion?.state.toLowerCase() ?? '-'],
  ['PUBLISHED', ({ newestVersion }) => newestVersion?.publishedAt ?? '-'],
];

const assignmentColumns: readonly Column<Assignment>[] = [
  ['NAME', ({ name }) => name],
  ['BLUEPRINT', ({ blueprint, version }) => `${blueprint.name}@${version}`],
  ['CLUSTERS', ({ clusterSelector }) => JSON.stringify(clusterSelector)],
  ['PARAMETERS', ({ parameters }) => JSON.stringify(parameters)],
];

/** `picket get …`: what the hub knows. */
export function getCommand(): Command {
  return new Command('get')
    .description('list clusters, blueprints, assignments or the status of clusters')
    .addCommand(
      listCommand('clusters', clusterColumns, (hub, { project, selector }) =>
        listAll(async (after) => {
          const filter = { project, labelSelector: selector };
          return (await hub.ask(listClusters, { after, filter })).clusters;
        }),
      ).option('-l, --selector <labels>', 'only clusters with these labels, as in kubectl'),
    )
    .addCommand(
      listCommand('blueprints', blueprintColumns, (hub, { project }) =>
        listAll(
          async (after) =>
            (await hub.ask(listBlueprints, { after, filter: { project } })).blueprints,
        ),
      ),
    )
    .addCommand(
      listCommand('assignments', assignmentColumns, (hub, { project }) =>
        listAll(
          async (after) =>
            (await hub.ask(listAssignments, { after, filter: { project } })).assignments,
        ),
      ),
    )
    .addCommand(getStatusCommand());
}

function listCommand<Thing>(
  name: string,
  columns: readonly Column<Thing>[],
  list: (hub: HubClient, flags: GetFlags) => Promise<Thing[]>,
): Command {
  return hubCommand(name)
    .description(`list the ${name} of the project`)
    .addOption(outputOption())
    .action(async (flags: GetFlags) => {
      const things = await list(connect(flags), flags);
      console.log(render(flags.output, things, columns));
      if (things.length === 0) console.error(`No ${name} found in project ${flags.project}.`);
    });
}
