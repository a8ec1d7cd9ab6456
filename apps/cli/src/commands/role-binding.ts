import type { Command } from 'commander';

import { Failure, exitCode } from '../exit-code.ts';
import {
  createBinding,
  deleteBinding,
  listBindings,
  type RoleBinding,
  type Subject,
} from '../hub/access-operations.ts';
import type { ConnectionFlags } from '../hub/connection.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { listAll } from '../hub/list-all.ts';
import { type Column, type OutputFormat, oneLine, render } from '../output/render.ts';
import { describePlace, SUBJECT_COLUMNS } from './access-columns.ts';
import {
  collectLabel,
  connect,
  organizationCommand,
  outputOption,
  reasonOption,
} from './hub-command.ts';
import { idOfToken } from './token.ts';

const columns: readonly Column<RoleBinding>[] = [
  ['ID', ({ id }) => id],
  ['ROLE', ({ role }) => role],
  ...SUBJECT_COLUMNS,
  ['WHERE', describePlace],
  ['CREATED', ({ createdAt }) => createdAt],
];

interface BindFlags extends ConnectionFlags {
  readonly user?: string;
  readonly group?: string;
  readonly token?: string;
  readonly organization?: true;
  readonly project?: string;
  readonly claim?: string;
  readonly label?: Readonly<Record<string, string>>;
}

/** `picket role bind ROLE`: gives a role. */
export function bindCommand(): Command {
  return organizationCommand('bind')
    .addOption(reasonOption())
    .summary('give a role to a person, a group or a token')
    .description(
      'Gives a role to one person, group or token, in a project or in the whole organization:\n' +
        '  picket role bind ProjectAdmin --group shop-leads --project shop\n' +
        '  picket role bind PlatformAdmin --token ci --organization --label tier=dev\n\n' +
        'A person is named as `picket whoami` shows: by name, which is whoever has it at the issuer, or by id, which is nobody else.',
    )
    .argument('<role>', 'name of the role')
    .option('--user <name>', 'a person, by name or id')
    .option('--group <name>', 'everybody in this group of the issuer')
    .option('--token <name>', 'an API token, by name or id')
    .option('--project <name>', 'where the role holds: in this project')
    .option('--organization', 'where the role holds: everywhere')
    .option('--claim <name>', 'only in this namespace claim of the project')
    .option(
      '-l, --label <key=value>',
      'only for clusters with this label; may be repeated',
      collectLabel,
    )
    .action(async (role: string, flags: BindFlags) => {
      const { project, organization, claim, label } = flags;
      if ((project === undefined) === (organization === undefined))
        throw new Failure(exitCode.badInput, 'Say where: --project NAME or --organization');
      const hub = connect(flags);
      const { createRoleBinding } = await hub.ask(createBinding, {
        input: {
          role,
          ...(await subjectOf(hub, flags)),
          ...(project !== undefined && { project }),
          ...(claim !== undefined && { claim }),
          ...(label && { clusterSelector: { matchLabels: label } }),
        },
      });
      const { id, subjectKind, subject } = createRoleBinding;
      console.log(
        oneLine(
          `${subjectKind.toLowerCase()} ${subject} is ${role} (${describePlace(createRoleBinding)}), binding ${id}`,
        ),
      );
    });
}

/** `picket role unbind ID`: takes a role away. */
export function unbindCommand(): Command {
  return organizationCommand('unbind')
    .addOption(reasonOption())
    .description('take a role away, at once')
    .argument('<id>', 'of the binding, as `picket role bindings` shows it')
    .action(async (roleBindingId: string, flags: ConnectionFlags) => {
      await connect(flags).ask(deleteBinding, { input: { roleBindingId } });
      console.log(`Binding ${roleBindingId} is gone`);
    });
}

/** `picket role bindings`: who has which role, where. */
export function bindingsCommand(): Command {
  return organizationCommand('bindings')
    .description('list who has which role, where')
    .addOption(outputOption())
    .action(async (flags: ConnectionFlags & { output: OutputFormat }) => {
      const hub = connect(flags);
      const bindings = await listAll(
        async (after) => (await hub.ask(listBindings, { after })).roleBindings,
      );
      console.log(render(flags.output, bindings, columns));
    });
}

async function subjectOf(hub: HubClient, { user, group, token }: BindFlags): Promise<Subject> {
  const subjects: Subject[] = [
    ...(user === undefined ? [] : [{ subjectKind: 'USER' as const, subject: user }]),
    ...(group === undefined ? [] : [{ subjectKind: 'GROUP' as const, subject: group }]),
    ...(token === undefined ? [] : [{ subjectKind: 'TOKEN' as const, subject: token }]),
  ];
  const [subject, another] = subjects;
  if (subject === undefined || another !== undefined)
    throw new Failure(exitCode.badInput, 'Say who: one of --user, --group and --token');
  return token === undefined ? subject : { ...subject, subject: await idOfToken(hub, token) };
}
