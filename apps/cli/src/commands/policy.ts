import { Command } from 'commander';

import { readDocuments } from '../documents/read-documents.ts';
import { exitCode, Failure } from '../exit-code.ts';
import { listAll } from '../hub/list-all.ts';
import {
  deletePolicy,
  findPolicy,
  listPolicies,
  type NamespacePolicy,
  previewPolicy,
  savePolicy,
} from '../hub/policy-operations.ts';
import { type Column, type OutputFormat, render } from '../output/render.ts';
import { documentOf, inputOf } from '../policy/policy-document.ts';
import { changesText, tellResult, textOf } from '../policy/tell-result.ts';
import { connect, filesOption, type HubFlags, hubCommand, outputOption } from './hub-command.ts';
import { endCommand, exceptionCommand, renewCommand } from './policy-exception.ts';
import { isolateCommand } from './policy-isolate.ts';
import { approveCommand, refuseCommand, requestsCommand } from './policy-requests.ts';

const columns: readonly Column<NamespacePolicy>[] = [
  ['CLAIM', ({ claim }) => claim],
  ['NAME', ({ name }) => name],
  ['VERSION', ({ version }) => String(version)],
  ['NAMESPACES', ({ namespaces }) => namespaces?.join(',') ?? 'all of the claim'],
  ['UNTIL', ({ expiresAt }) => expiresAt ?? '-'],
  ['BY', ({ owner, author }) => owner ?? author],
];

/** `picket policy …`: what application teams have for their own namespaces. */
export function policyCommand(): Command {
  const policy = new Command('policy').description(
    'list, preview, save and delete namespace policies, isolate, make exceptions, and decide requests',
  );
  for (const command of [
    listCommand(),
    showCommand(),
    previewCommand(),
    saveCommand(),
    deleteCommand(),
    isolateCommand(),
    exceptionCommand(),
    renewCommand(),
    endCommand(),
    requestsCommand(),
    approveCommand(),
    refuseCommand(),
  ])
    policy.addCommand(command);
  return policy;
}

function listCommand(): Command {
  return hubCommand('list')
    .description('list the namespace policies of the project')
    .option('--claim <name>', 'only those of one namespace claim')
    .option('--expiring', 'only exceptions')
    .addOption(outputOption())
    .action(async (flags: HubFlags & { claim?: string; expiring?: true; output: OutputFormat }) => {
      const { project, claim, expiring } = flags;
      const hub = connect(flags);
      const policies = await listAll(
        async (after) =>
          (await hub.ask(listPolicies, { after, filter: { project, claim, expiring } }))
            .namespacePolicies,
      );
      console.log(render(flags.output, policies, columns));
    });
}

function showCommand(): Command {
  return hubCommand('show')
    .description('print a namespace policy as the document that `picket apply` takes')
    .argument('<claim>', 'name of the namespace claim')
    .argument('<name>', 'name of the policy')
    .action(async (claim: string, name: string, flags: HubFlags) => {
      const by = { project: flags.project, claim, name };
      console.log(documentOf((await connect(flags).ask(findPolicy, by)).namespacePolicy));
    });
}

type FileFlags = HubFlags & { readonly filename: readonly string[]; readonly reason?: string };

function previewCommand(): Command {
  return hubCommand('preview')
    .summary('say what saving a NamespacePolicy document would do, and change nothing')
    .description(
      'Says what saving a NamespacePolicy document would do: what changes, in how many clusters, and what is outside the guard rails.',
    )
    .addOption(filesOption())
    .action(async (flags: FileFlags) => {
      const hub = connect(flags);
      const faults: string[] = [];
      for (const document of await readDocuments(flags.filename, false)) {
        const input = inputOf(document, flags.project);
        const found = (await hub.ask(previewPolicy, { input })).previewNamespacePolicy;
        const { outcome, problems, changes, namespaceSelector, clusters } = found;
        const where = `in ${clusters.totalCount} clusters, namespaces ${JSON.stringify(namespaceSelector)}`;
        console.log(`${input.claim}/${input.name} would be ${outcome.toLowerCase()} ${where}`);
        if (changes.length > 0) console.log(changesText(changes));
        if (problems.length > 0) console.error(textOf(problems));
        if (outcome === 'REFUSED') faults.push(`${input.claim}/${input.name}`);
      }
      if (faults.length > 0)
        throw new Failure(exitCode.badInput, `Would be refused: ${faults.join(', ')}`);
    });
}

function saveCommand(): Command {
  return hubCommand('save')
    .summary('save NamespacePolicy documents, each for itself')
    .description(
      'Saves NamespacePolicy documents, each for itself. `picket apply` takes all or none.',
    )
    .addOption(filesOption())
    .option('--reason <text>', 'why')
    .action(async (flags: FileFlags) => {
      const hub = connect(flags);
      for (const document of await readDocuments(flags.filename, false)) {
        const input = { ...inputOf(document, flags.project), reason: flags.reason };
        const { saveNamespacePolicy } = await hub.ask(savePolicy, { input });
        tellResult(`${input.claim}/${input.name}`, saveNamespacePolicy);
      }
    });
}

function deleteCommand(): Command {
  return hubCommand('delete')
    .description('take a namespace policy out of force; its versions stay')
    .argument('<claim>', 'name of the namespace claim')
    .argument('<name>', 'name of the policy')
    .option('--reason <text>', 'why')
    .action(async (claim: string, name: string, flags: HubFlags & { reason?: string }) => {
      const hub = connect(flags);
      const by = { project: flags.project, claim, name };
      const { id } = (await hub.ask(findPolicy, by)).namespacePolicy;
      const input = { namespacePolicyId: id, reason: flags.reason };
      const { deleteNamespacePolicy } = await hub.ask(deletePolicy, { input });
      tellResult(`${claim}/${name}`, deleteNamespacePolicy);
    });
}
