import { chmodSync, writeFileSync } from 'node:fs';

/** Writes a file that only its owner may read, also when it was there before with other rights. */
export function writePrivate(file: string, text: string): void {
  writeFileSync(file, '', { flag: 'a', mode: 0o600 });
  chmodSync(file, 0o600);
  writeFileSync(file, text);
}
