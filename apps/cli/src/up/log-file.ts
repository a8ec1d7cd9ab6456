import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const SIZE_BYTES_MAX = 16 * 1024 * 1024;
const TAIL_CHARACTERS = 4_096;

/** What a child process said: on disk within bounds (this file and the one before it), and its last words at hand. */
export class LogFile {
  readonly path: string;
  #descriptor: number;
  #sizeBytes = 0;
  #tail = '';

  constructor(path: string) {
    this.path = path;
    mkdirSync(dirname(path), { recursive: true });
    this.#descriptor = this.#startAnew();
  }

  get tail(): string {
    return this.#tail;
  }

  write(chunk: Buffer): void {
    this.#tail = (this.#tail + chunk.toString()).slice(-TAIL_CHARACTERS);
    if (this.#sizeBytes + chunk.length > SIZE_BYTES_MAX) {
      closeSync(this.#descriptor);
      this.#descriptor = this.#startAnew();
    }
    try {
      writeSync(this.#descriptor, chunk);
      this.#sizeBytes += chunk.length;
    } catch {
      // A full disk is no reason to end what still runs; the last words stay at hand.
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #startAnew(): number {
    this.#sizeBytes = 0;
    try {
      renameSync(this.path, `${this.path}.1`);
    } catch {
      // There was none yet.
    }
    return openSync(this.path, 'w', 0o600);
  }
}
