import type { Command } from 'commander';
import { stringify } from 'yaml';

import { Failure, exitCode } from '../exit-code.ts';
import { listAll } from '../hub/list-all.ts';
import { type PolicySetObject, readPolicySet } from '../hub/operations.ts';
import { type Column, type OutputFormat, render, shortKind } from '../output/render.ts';
import { type HubFlags, connect, hubCommand, outputOption } from './hub-command.ts';

const columns: readonly Column<PolicySetObject>[] = [
  ['KIND', ({ kind }) => shortKind(kind)],
  ['NAMESPACE', describeNamespace],
  ['NAME', ({ name }) => name],
  [
    'FROM',
    ({ origin }) => `${origin.blueprint}@${origin.version} ${origin.section}/${origin.entry}`,
  ],
  ['ASSIGNMENT', ({ origin }) => origin.assignment],
];

/** `picket policy-set CLUSTER`: what one cluster must have, and where each object comes from. */
export function policySetCommand(): Command {
  return hubCommand('policy-set')
    .summary('show what one cluster must have, and where each object comes from')
    .description(
      'Shows the policy set of one cluster. As YAML it prints the objects themselves; ' +
        'those of namespace policies are templates, which the agent stamps into each namespace that their selector picks.',
    )
    .argument('<cluster>', 'name of the cluster')
    .addOption(outputOption())
    .action(async (name: string, flags: HubFlags & { output: OutputFormat }) => {
      const hub = connect(flags);
      let digest = '';
      const objects = await listAll(async (after) => {
        const { policySet } = (
          await hub.ask(readPolicySet, { name, project: flags.project, after })
        ).cluster;
        if (policySet === null)
          throw new Failure(
            exitCode.different,
            `${name} has no policy set yet: its agent has not reported in`,
          );
        digest = policySet.digest;
        return policySet.objects;
      });
      if (flags.output === 'yaml')
        return console.log(
          objects
            .map(({ manifest }) => stringify(manifest))
            .join('---\n')
            .trimEnd(),
        );
      console.log(render(flags.output, objects, columns));
      console.error(`Policy set ${digest}`);
    });
}

function describeNamespace({ namespace, template, namespaceSelector }: PolicySetObject): string {
  return template ? `each of ${JSON.stringify(namespaceSelector)}` : (namespace ?? '-');
}
