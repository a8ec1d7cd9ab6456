import { Command } from 'commander';

import { listAll } from '../hub/list-all.ts';
import { type Claim, createClaim, listClaims } from '../hub/policy-operations.ts';
import { type Column, type OutputFormat, render } from '../output/render.ts';
import {
  collectLabel,
  connect,
  type HubFlags,
  hubCommand,
  reasonOption,
  outputOption,
} from './hub-command.ts';

const columns: readonly Column<Claim>[] = [
  ['NAME', ({ name }) => name],
  ['CLUSTERS OF', ({ clusterProject }) => clusterProject ?? 'all projects'],
  ['CLUSTERS', ({ clusterSelector }) => JSON.stringify(clusterSelector)],
  [
    'NAMESPACES',
    ({ namespaces, namespaceSelector }) =>
      namespaces?.join(',') ?? JSON.stringify(namespaceSelector),
  ],
];

interface CreateFlags extends HubFlags {
  readonly namespace: readonly string[];
  readonly label?: Readonly<Record<string, string>>;
  readonly clusterProject?: string;
}

/** `picket claim …`: which namespaces are a project’s. */
export function claimCommand(): Command {
  return new Command('claim')
    .description('give namespaces to a project, and list those that have an owner')
    .addCommand(createCommand())
    .addCommand(listCommand());
}

function createCommand(): Command {
  return hubCommand('create')
    .addOption(reasonOption())
    .description('give namespaces to the project, in its clusters or in those of another')
    .argument('<name>', 'name of the claim')
    .requiredOption('--namespace <name...>', 'namespaces by name')
    .option(
      '-l, --label <key=value>',
      'only clusters with this label; may be repeated',
      collectLabel,
    )
    .option('--cluster-project <name>', 'project of the clusters (default: the same)')
    .action(async (name: string, flags: CreateFlags) => {
      const { project, clusterProject, namespace: namespaces, label = {} } = flags;
      const clusterSelector = Object.keys(label).length > 0 ? { matchLabels: label } : {};
      const input = { project, name, clusterProject, clusterSelector, namespaces };
      const { clusters } = (await connect(flags).ask(createClaim, { input })).createNamespaceClaim;
      console.log(`${name} owns ${namespaces.join(', ')} in ${clusters.totalCount} clusters`);
    });
}

function listCommand(): Command {
  return hubCommand('list')
    .description('list the namespace claims of the project')
    .addOption(outputOption())
    .action(async (flags: HubFlags & { output: OutputFormat }) => {
      const hub = connect(flags);
      const filter = { project: flags.project };
      const claims = await listAll(
        async (after) => (await hub.ask(listClaims, { after, filter })).namespaceClaims,
      );
      console.log(render(flags.output, claims, columns));
    });
}
