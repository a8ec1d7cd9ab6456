import { type Command, Option } from 'commander';

import { readDocuments } from '../documents/read-documents.ts';
import type { HubClient } from '../hub/hub-client.ts';
import {
  createException,
  endException,
  findPolicy,
  renewException,
} from '../hub/policy-operations.ts';
import { inputOf } from '../policy/policy-document.ts';
import { tellResult } from '../policy/tell-result.ts';
import { until } from '../policy/until.ts';
import { connect, filesOption, type HubFlags, hubCommand } from './hub-command.ts';

/** `picket policy exception -f`: allows something for a while. */
export function exceptionCommand(): Command {
  return hubCommand('exception')
    .summary('allow for a while what NamespacePolicy documents allow')
    .description(
      'Allows for a while what NamespacePolicy documents allow. The agents take it out at that time, with or without the hub.',
    )
    .addOption(filesOption())
    .addOption(forOption())
    .requiredOption('--reason <text>', 'why')
    .option('--owner <name>', 'whose it is (default: yours)')
    .action(
      async (
        flags: HubFlags & {
          filename: readonly string[];
          for: string;
          reason: string;
          owner?: string;
        },
      ) => {
        const hub = connect(flags);
        const { for: expiresAt, reason, owner } = flags;
        for (const document of await readDocuments(flags.filename, false)) {
          const input = { ...inputOf(document, flags.project), expiresAt, reason, owner };
          const { createException: result } = await hub.ask(createException, { input });
          tellResult(`${input.claim}/${input.name} until ${expiresAt}`, result);
        }
      },
    );
}

/** `picket policy renew CLAIM NAME`: lets an exception last longer, also when it has ended. */
export function renewCommand(): Command {
  return exceptionOf('renew', 'let an exception last longer, also when it has ended')
    .addOption(forOption())
    .requiredOption('--reason <text>', 'why')
    .action(
      async (claim: string, name: string, flags: HubFlags & { for: string; reason: string }) => {
        const hub = connect(flags);
        const { for: expiresAt, reason } = flags;
        const namespacePolicyId = await idOf(hub, flags.project, claim, name);
        const input = { namespacePolicyId, expiresAt, reason };
        const { renewException: result } = await hub.ask(renewException, { input });
        tellResult(`${claim}/${name} until ${expiresAt}`, result);
      },
    );
}

/** `picket policy end CLAIM NAME`: ends an exception before its time. */
export function endCommand(): Command {
  return exceptionOf('end', 'end an exception before its time')
    .option('--reason <text>', 'why')
    .action(async (claim: string, name: string, flags: HubFlags & { reason?: string }) => {
      const hub = connect(flags);
      const namespacePolicyId = await idOf(hub, flags.project, claim, name);
      await hub.ask(endException, { input: { namespacePolicyId, reason: flags.reason } });
      console.log(`${claim}/${name} has ended`);
    });
}

function exceptionOf(name: string, summary: string): Command {
  return hubCommand(name)
    .description(summary)
    .argument('<claim>', 'name of the namespace claim')
    .argument('<name>', 'name of the exception');
}

function forOption(): Option {
  return new Option('--for <time>', 'how long: 90m, 4h or 2d')
    .argParser((text: string) => until(text, Date.now()))
    .makeOptionMandatory();
}

async function idOf(hub: HubClient, project: string, claim: string, name: string): Promise<string> {
  return (await hub.ask(findPolicy, { project, claim, name })).namespacePolicy.id;
}
