import type { Command } from 'commander';
import { stringify } from 'yaml';

import { Failure, exitCode } from '../exit-code.ts';
import { listAll } from '../hub/list-all.ts';
import { type Loss, type PolicySetObject, readPolicySet } from '../hub/operations.ts';
import { type Column, type OutputFormat, oneLine, render, shortKind } from '../output/render.ts';
import { type HubFlags, connect, hubCommand, outputOption } from './hub-command.ts';

const columns: readonly Column<PolicySetObject>[] = [
  ['KIND', ({ kind }) => shortKind(kind)],
  ['NAMESPACE', describeNamespace],
  ['NAME', ({ name }) => name],
  ['FROM', describeOrigin],
  ['ASSIGNMENT', ({ origin }) => origin.assignment ?? '-'],
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
      let found: Found = { digest: '', losses: [], blocked: [] };
      const objects = await listAll(async (after) => {
        const { policySet } = (
          await hub.ask(readPolicySet, { name, project: flags.project, after })
        ).cluster;
        if (policySet === null)
          throw new Failure(
            exitCode.different,
            `${name} has no policy set yet: its agent has not reported in`,
          );
        found = policySet;
        return policySet.objects;
      });
      console.log(
        flags.output === 'yaml' ? manifestsOf(objects) : render(flags.output, objects, columns),
      );
      for (const line of describe(found)) console.error(oneLine(line));
    });
}

interface Found {
  readonly digest: string;
  readonly losses: readonly Loss[];
  readonly blocked: readonly string[];
}

function describe({ digest, losses, blocked }: Found): string[] {
  return [
    `Policy set ${digest}`,
    ...losses.map(
      ({ reason, kind, field, origin }) =>
        `Not expressed here: ${shortKind(kind)}${field === null ? '' : ` ${field}`} of ${origin} (${reason})`,
    ),
    ...blocked.map((why) => `A newer set is blocked: ${why}`),
  ];
}

function manifestsOf(objects: readonly PolicySetObject[]): string {
  return objects
    .map(({ manifest }) => stringify(manifest))
    .join('---\n')
    .trimEnd();
}

function describeNamespace({ namespace, template, namespaceSelector }: PolicySetObject): string {
  return template ? `each of ${JSON.stringify(namespaceSelector)}` : (namespace ?? '-');
}

function describeOrigin({ origin, expiresAt }: PolicySetObject): string {
  const { version, project, claim, namespacePolicy, blueprint, section, entry } = origin;
  if (namespacePolicy === null) return `${blueprint}@${version} ${section}/${entry}`;
  const end = expiresAt === null ? '' : ` until ${expiresAt}`;
  return `${project}/${claim}/${namespacePolicy}@${version}${end}`;
}
