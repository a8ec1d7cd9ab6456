import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { dirname, join } from 'node:path';

import { Failure, exitCode } from '../exit-code.ts';

/** A file of the repository that this program runs from, as a URL: `up` and `demo` start its bundles. */
export function repositoryFile(path: string): URL {
  const file = pathToFileURL(join(repositoryRoot(), path));
  if (existsSync(file)) return file;
  throw new Failure(exitCode.badInput, `${path} is not there yet: run \`npm run build\` first`);
}

function repositoryRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'nx.json'))) return folder;
    if (dirname(folder) === folder)
      throw new Failure(
        exitCode.badInput,
        'This command needs a checkout of the Picket repository',
      );
  }
}
