import { randomUUID } from 'node:crypto';

import type { Answer } from '../../support/hub/index.ts';
import { wordsOf } from './secrets.ts';

export interface Attacker {
  readonly name: string;
  readonly token: string;
  /** Names of what is not theirs; what would be there in their stead if there were none. */
  readonly foreign: Readonly<Record<string, string>>;
  /** No answer may hold any of these, unless they said it themselves. */
  secrets: ReadonlySet<string>;
  readonly said: Set<string>;
}
/** The same question about what nobody has. */
export function twinOf(variables: object, foreign: Attacker['foreign']): object {
  const ids = new Map<string, string>();
  const fresh = (id: string): string => ids.get(id) ?? (ids.set(id, randomUUID()), ids.get(id)!);
  return JSON.parse(renamed(JSON.stringify(variables), foreign).replaceAll(UUID, fresh)) as object;
}
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** With names that nobody has. */
export function renamed(text: string, foreign: Attacker['foreign']): string {
  return Object.entries(foreign)
    .reduce((all, [name, other]) => all.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), other), text)
    .replaceAll(/\bn-(\d+)\b/g, 'x-$1');
}
/** An answer without what differs from one time to the next. */
export function shapeOf(answer: Answer, foreign: Attacker['foreign']): string {
  return renamed(JSON.stringify(answer), foreign)
    .replaceAll(UUID, '<id>')
    .replaceAll(/picket_[\w-]+/g, '<secret>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
}

/** What an answer tells that its attacker had not said. */
export function leaks({ secrets, said }: Attacker, answer: unknown): string[] {
  return [...wordsOf(JSON.stringify(answer))].filter(
    (word) => secrets.has(word) && !said.has(word),
  );
}
