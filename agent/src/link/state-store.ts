import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';

/** Where an agent keeps what must outlive it. Names are few and fixed: `identity`, `set`, `spool`. */
export interface StateStore {
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}

/**
 * A folder, for agents with a kubeconfig, and for the spool. Files are 0600 and replaced atomically, on disk before they count: after a
 * power cut an identity is the old one or the new one, never an empty file.
 */
export class FolderStore implements StateStore {
  readonly #folder: string;
  /** Writes go one after another: two at once would rename each other's draft away. */
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(path.join(this.#folder, name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  write(name: string, text: string): Promise<void> {
    const written = this.#writing.then(() => this.#replace(path.join(this.#folder, name), text));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async #replace(file: string, text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const draft = await open(`${file}.new`, 'w', 0o600);
    try {
      await draft.writeFile(text);
      await draft.sync();
    } finally {
      await draft.close();
    }
    await rename(`${file}.new`, file);
  }
}
