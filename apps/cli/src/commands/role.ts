import { Command } from 'commander';

import { deleteRole, listRoles, type Role, saveRole } from '../hub/access-operations.ts';
import type { ConnectionFlags } from '../hub/connection.ts';
import { type Column, type OutputFormat, render } from '../output/render.ts';
import { connect, organizationCommand, outputOption, reasonOption } from './hub-command.ts';
import { bindCommand, bindingsCommand, unbindCommand } from './role-binding.ts';

const columns: readonly Column<Role>[] = [
  ['NAME', ({ name }) => name],
  ['BUILT IN', ({ builtIn }) => (builtIn ? 'yes' : 'no')],
  ['PERMISSIONS', ({ permissions }) => permissions.join(' ')],
];

/** `picket role …`: roles, and who has them. */
export function roleCommand(): Command {
  return new Command('role')
    .description('list, save or delete roles; give them and take them away')
    .addCommand(
      organizationCommand('list')
        .description('list the roles that can be given, and what they allow')
        .addOption(outputOption())
        .action(async (flags: ConnectionFlags & { output: OutputFormat }) => {
          const { roles } = await connect(flags).ask(listRoles, {});
          console.log(render(flags.output, roles, columns));
        }),
    )
    .addCommand(
      organizationCommand('save')
        .addOption(reasonOption())
        .summary('make a role of the organization, or change what it allows')
        .description(
          'Makes a role of the organization, or changes what it allows, at once for all who have it:\n' +
            '  picket role save viewer Organization:read Project:read Cluster:read',
        )
        .argument('<name>', 'name of the role')
        .argument('<permissions...>', 'all that it allows')
        .action(async (name: string, permissions: string[], flags: ConnectionFlags) => {
          const saved = await connect(flags).ask(saveRole, { input: { name, permissions } });
          console.log(`Role ${saved.saveRole.name} allows ${saved.saveRole.permissions.join(' ')}`);
        }),
    )
    .addCommand(
      organizationCommand('delete')
        .addOption(reasonOption())
        .description('end a role of the organization, and what it gave, at once')
        .argument('<name>', 'name of the role')
        .action(async (name: string, flags: ConnectionFlags) => {
          await connect(flags).ask(deleteRole, { input: { name } });
          console.log(`Role ${name} is deleted`);
        }),
    )
    .addCommand(bindCommand())
    .addCommand(unbindCommand())
    .addCommand(bindingsCommand());
}
