import type { Command } from 'commander';

import { listMyPermissions, listWhoCan, type Me, whoAmI } from '../hub/access-operations.ts';
import type { ConnectionFlags } from '../hub/connection.ts';
import { findCluster } from '../hub/operations.ts';
import { type Column, type OutputFormat, render, renderOne } from '../output/render.ts';
import { describePlace, SUBJECT_COLUMNS } from './access-columns.ts';
import { connect, organizationCommand, outputOption } from './hub-command.ts';

type Flags = ConnectionFlags & { readonly output: OutputFormat };

const ME: readonly Column<Me>[] = [
  ['KIND', ({ kind }) => kind.toLowerCase()],
  ['NAME', ({ name }) => name],
  ['ID', ({ id }) => id],
  ['ORGANIZATION', ({ organization }) => organization],
  ['GROUPS', ({ groups }) => groups.join(',') || '-'],
];

/** `picket whoami`: as whom the hub sees us. */
export function whoAmICommand(): Command {
  return organizationCommand('whoami')
    .description('show as whom the hub sees you: role bindings name people by NAME or ID')
    .addOption(outputOption())
    .action(async (flags: Flags) => {
      const { me } = await connect(flags).ask(whoAmI, {});
      console.log(renderOne(flags.output, me, ME));
    });
}

/** `picket permissions`: what we may do, and where. */
export function permissionsCommand(): Command {
  return organizationCommand('permissions')
    .description('list what you may do, and where')
    .addOption(outputOption())
    .action(async (flags: Flags) => {
      const { myPermissions } = await connect(flags).ask(listMyPermissions, {});
      console.log(
        render(flags.output, myPermissions, [
          ['PERMISSION', ({ permission }) => permission],
          ['WHERE', describePlace],
        ]),
      );
    });
}

interface WhoCanFlags extends Flags {
  readonly project?: string;
  readonly cluster?: string;
  readonly claim?: string;
}

/** `picket whocan`: who may do something. */
export function whoCanCommand(): Command {
  return organizationCommand('whocan')
    .summary('list who may do something')
    .description(
      'Lists the tokens, people and groups that may do something in the whole organization, or where the flags say.\n' +
        'Example: picket whocan Cluster:write --project shop --cluster prod-eu-1',
    )
    .argument('<permission>', 'such as Cluster:write; `picket role list` shows all')
    .option('--project <name>', 'in this project')
    .option('--cluster <name>', 'to this cluster of the project (default: project "default")')
    .option('--claim <name>', 'in this namespace claim of the project')
    .addOption(outputOption())
    .action(async (permission: string, flags: WhoCanFlags) => {
      const hub = connect(flags);
      const { project, cluster, claim } = flags;
      const place =
        cluster === undefined
          ? { project, claim }
          : {
              clusterId: (
                await hub.ask(findCluster, { name: cluster, project: project ?? 'default' })
              ).cluster.id,
            };
      const { whoCan } = await hub.ask(listWhoCan, { permission, ...place });
      console.log(render(flags.output, whoCan, SUBJECT_COLUMNS));
    });
}
