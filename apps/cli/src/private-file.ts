import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';

import { Failure, exitCode } from './exit-code.ts';

/** Writes a file that only its owner may read, whole or not at all, also when it was there before with other rights. */
export function writePrivate(file: string, text: string): void {
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600 });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Throws a `Failure` that says how to mend it when anybody but the owner may read the file or could have written it. */
export function mustBePrivate(file: string): void {
  if (modeOf(file) & 0o077)
    throw new Failure(exitCode.badInput, `${file} must be yours alone: chmod 600 ${file}`);
}

/** Like `mustBePrivate`, but for a file that somebody handed us: its group may read it, as the `fsGroup` of a pod may read its secrets. */
export function mustNotBePublic(file: string): void {
  if (modeOf(file) & 0o037)
    throw new Failure(
      exitCode.badInput,
      `${file} holds a token that others can read: chmod 600 ${file}, or defaultMode: 0440 where Kubernetes mounts it`,
    );
}

/** Of a file on a disk; nobody else reaches the pipe that a shell hands over. */
function modeOf(file: string): number {
  if (process.platform === 'win32') return 0;
  const found: Stats | undefined = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() ? found.mode : 0;
}
