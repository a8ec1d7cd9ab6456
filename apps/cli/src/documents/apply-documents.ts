import { Failure, exitCode } from '../exit-code.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { type DocumentProblem, applyDocuments as operation } from '../hub/operations.ts';
import { oneLine } from '../output/render.ts';
import { lineOf } from './line-of.ts';
import { type SourceDocument, joinDocuments, nameOf } from './read-documents.ts';

/** What the hub did, or would do, with one document. */
export interface AppliedDocument {
  readonly source: SourceDocument;
  readonly kind: string;
  readonly name: string;
  readonly action: 'CREATED' | 'CHANGED' | 'UNCHANGED' | 'REQUESTED';
  readonly warnings: readonly string[];
}

interface ApplyOptions {
  readonly project: string;
  readonly dryRun: boolean;
}

/** Applies all documents or none. Throws a `Failure` that lists every problem with its file when the hub takes none. */
export async function applyDocuments(
  hub: HubClient,
  documents: readonly SourceDocument[],
  { project, dryRun }: ApplyOptions,
): Promise<AppliedDocument[]> {
  const input = { project, yaml: joinDocuments(documents), dryRun };
  const { results, problems } = (await hub.ask(operation, { input })).applyDocuments;
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const lines = errors.map((problem) => describeProblem(problem, documents));
    throw new Failure(exitCode.badInput, `${lines.join('\n')}\n\nNothing was applied.`);
  }
  const found = Map.groupBy(problems, ({ index }) => index);
  return results.flatMap(({ index, warnings, ...result }) => {
    const source = documents[index];
    if (source === undefined) return [];
    const texts = [...warnings, ...(found.get(index) ?? []).map(describeFault)];
    return { source, ...result, warnings: texts.map(oneLine) };
  });
}

/** `file:12: Blueprint/web spec.x: what is wrong. Allowed: …` */
export function describeProblem(
  problem: DocumentProblem,
  documents: readonly SourceDocument[],
): string {
  const document = documents[problem.index];
  const place =
    document === undefined
      ? ''
      : `${nameOf(document.file)}:${lineOf(document, problem.path)}: ${document.kind}/${document.name} `;
  return oneLine(`${place}${describeFault(problem)}`);
}

function describeFault({ path, message, allowed }: DocumentProblem): string {
  return `${path ? `${path}: ` : ''}${message}${allowed ? `. Allowed: ${allowed}` : ''}`;
}
