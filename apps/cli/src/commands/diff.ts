import type { Command } from 'commander';

import { applyDocuments } from '../documents/apply-documents.ts';
import { diffDocument } from '../documents/diff-documents.ts';
import { readDocuments } from '../documents/read-documents.ts';
import { exitCode } from '../exit-code.ts';
import { type HubFlags, connect, filesOption, hubCommand } from './hub-command.ts';

interface DiffFlags extends HubFlags {
  readonly filename: readonly string[];
  readonly recursive?: true;
}

/** `picket diff -f`: what an apply would change. */
export function diffCommand(): Command {
  return hubCommand('diff')
    .summary('show what an apply would change')
    .description(
      'Shows what `picket apply` would change, as unified text, and changes nothing. ' +
        'Exit code 0: nothing would change. 1: something would.',
    )
    .addOption(filesOption())
    .option('-R, --recursive', 'go down into folders')
    .action(async (flags: DiffFlags) => {
      const hub = connect(flags);
      const documents = await readDocuments(flags.filename, flags.recursive ?? false);
      const applied = await applyDocuments(hub, documents, { ...flags, dryRun: true });

      const different = applied.filter(({ action }) => action !== 'UNCHANGED');
      for (const document of different)
        process.stdout.write(await diffDocument(hub, flags.project, document));
      if (different.length > 0) process.exitCode = exitCode.different;
    });
}
