import type { Semantics } from '@picket/verdict';

import type { OutputFormat } from './output-format.ts';

/** What every analysis is asked: about which manifests, under which rules, and how to answer. */
export interface Question<Format extends OutputFormat = OutputFormat> {
  readonly paths: readonly string[];
  readonly semantics: Partial<Semantics>;
  readonly output: Format;
  /** Called when there is something that a CI check should fail for. */
  readonly onFinding: () => void;
  /** Gets lines for people about what is doubtful in the input. */
  readonly warn: (line: string) => void;
}

/** Passes on what there is to tell, and says so when something of it is a finding. */
export function* tellingFindings<Thing>(
  things: Iterable<Thing>,
  isFinding: (thing: Thing) => boolean,
  onFinding: () => void,
): Generator<Thing> {
  for (const thing of things) {
    if (isFinding(thing)) onFinding();
    yield thing;
  }
}
