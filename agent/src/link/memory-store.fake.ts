import type { StateStore } from './state-store.ts';

/** A store that forgets with the process, for tests. */
export class MemoryStore implements StateStore {
  readonly texts = new Map<string, string>();

  read(name: string): Promise<string | undefined> {
    return Promise.resolve(this.texts.get(name));
  }

  write(name: string, text: string): Promise<void> {
    this.texts.set(name, text);
    return Promise.resolve();
  }
}
