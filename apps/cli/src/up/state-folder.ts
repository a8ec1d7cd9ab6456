import { accessSync, constants, mkdirSync, realpathSync } from 'node:fs';

import { Failure, exitCode } from '../exit-code.ts';

/** Makes the folder of the state and answers its real path. Throws a `Failure` when nothing can be written there. */
export function stateFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK | constants.X_OK);
    return realpathSync(path);
  } catch (error) {
    throw new Failure(
      exitCode.badInput,
      `Cannot keep state in ${path}: ${(error as Error).message}. Give another folder: --state-dir FOLDER`,
      error,
    );
  }
}
