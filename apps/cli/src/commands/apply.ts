import type { Command } from 'commander';

import { applyDocuments } from '../documents/apply-documents.ts';
import { readDocuments } from '../documents/read-documents.ts';
import { type OutputFormat, render } from '../output/render.ts';
import {
  type HubFlags,
  connect,
  filesOption,
  hubCommand,
  outputOption,
  reasonOption,
} from './hub-command.ts';

interface ApplyFlags extends HubFlags {
  readonly filename: readonly string[];
  readonly recursive?: true;
  readonly dryRun?: true;
  readonly output: OutputFormat;
}

/** `picket apply -f`: the door for people, CI and GitOps. */
export function applyCommand(): Command {
  return hubCommand('apply')
    .addOption(reasonOption())
    .summary('apply documents: all of them or none')
    .description(
      'Applies documents of the kinds Blueprint, Assignment, Cluster and NamespacePolicy: all of them or none. ' +
        'A Blueprint that differs from its newest version becomes a new version, published and active; ' +
        'clusters move to it only when an Assignment in the same apply does, or when you move one.',
    )
    .addOption(filesOption())
    .option('-R, --recursive', 'go down into folders')
    .option('--dry-run', 'validate everything and say what would happen, but change nothing')
    .addOption(outputOption())
    .action(async (flags: ApplyFlags) => {
      const dryRun = flags.dryRun ?? false;
      const documents = await readDocuments(flags.filename, flags.recursive ?? false);
      const applied = await applyDocuments(connect(flags), documents, { ...flags, dryRun });

      for (const { kind, name, warnings } of applied)
        for (const warning of warnings) console.error(`warning: ${kind}/${name}: ${warning}`);
      const rows = applied.map(({ source, ...result }) => ({ ...result, file: source.file }));
      console.log(
        render(flags.output, rows, [
          ['KIND', ({ kind }) => kind],
          ['NAME', ({ name }) => name],
          [dryRun ? 'WOULD BE' : 'RESULT', ({ action }) => action.toLowerCase()],
          ['FILE', ({ file }) => file],
        ]),
      );
    });
}
