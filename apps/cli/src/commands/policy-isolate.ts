import type { Command } from 'commander';

import { isolateNamespace, isolateWorkload } from '../hub/policy-operations.ts';
import { tellWritten } from '../policy/tell-result.ts';
import { collectLabel, connect, type HubFlags, hubCommand } from './hub-command.ts';

interface IsolateFlags extends HubFlags {
  readonly namespace?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly reason?: string;
}

/** `picket policy isolate CLAIM`: closes namespaces or workloads to all but themselves and DNS. */
export function isolateCommand(): Command {
  return hubCommand('isolate')
    .summary(
      'close the namespaces of a claim, or some of their pods, to all but themselves and DNS',
    )
    .description(
      'Closes the namespaces of a claim to all but their own pods and DNS; with --label only these pods, to all but DNS.',
    )
    .argument('<claim>', 'name of the namespace claim')
    .option('--namespace <name>', 'one namespace of the claim (default: each of them)')
    .option('-l, --label <key=value>', 'label of pods; may be repeated', collectLabel)
    .option('--reason <text>', 'why')
    .action(
      async (claim: string, { project, namespace, label, reason, ...flags }: IsolateFlags) => {
        const hub = connect(flags);
        const input = { project, claim, namespace, reason };
        tellWritten(
          label
            ? (await hub.ask(isolateWorkload, { input: { ...input, labels: label } }))
                .isolateWorkload
            : (await hub.ask(isolateNamespace, { input })).isolateNamespace,
        );
      },
    );
}
