import { exitCode, Failure } from '../exit-code.ts';
import type {
  PolicyChange,
  PolicyProblem,
  PolicyResult,
  WrittenPolicies,
} from '../hub/policy-operations.ts';
import { oneLine } from '../output/render.ts';

/** Says what became of a change. Throws a `Failure` with every problem when it was refused. */
export function tellResult(label: string, result: PolicyResult): void {
  const { outcome, namespacePolicy, policyRequest, problems } = result;
  if (outcome === 'REFUSED') throw new Failure(exitCode.badInput, textOf(problems));
  if (problems.length > 0) console.error(textOf(problems));
  switch (outcome) {
    case 'REQUESTED':
      console.log(`${label} waits for the platform team as policy request ${policyRequest?.id}`);
      return;
    case 'UNCHANGED':
      console.log(`${label} is as it was, version ${namespacePolicy?.version}`);
      return;
    case 'SAVED': {
      const isActive = namespacePolicy?.state === 'ACTIVE';
      console.log(`${label} is ${isActive ? `version ${namespacePolicy.version}` : 'deleted'}`);
    }
  }
}

/** Says what a helper wrote. Throws a `Failure` with every problem when it was refused. */
export function tellWritten({
  namespacePolicies,
  policyRequests,
  problems,
}: WrittenPolicies): void {
  if (problems.some(({ severity }) => severity === 'error') && policyRequests.length === 0)
    throw new Failure(exitCode.badInput, textOf(problems));
  if (problems.length > 0) console.error(textOf(problems));
  for (const { claim, name, version } of namespacePolicies)
    console.log(`${claim}/${name} is version ${version}`);
  for (const { id } of policyRequests)
    console.log(`It waits for the platform team as policy request ${id}`);
}

export function textOf(problems: readonly PolicyProblem[]): string {
  return problems
    .map(({ path, message, allowed }) =>
      oneLine(`${path ? `${path}: ` : ''}${message}${allowed ? `. Allowed: ${allowed}` : ''}`),
    )
    .join('\n');
}

/** One line for each that goes, comes, or becomes another. */
export function changesText(changes: readonly PolicyChange[]): string {
  return changes
    .flatMap(({ path, before, after }) => [
      ...(before === null ? [] : [`- ${path}: ${JSON.stringify(before)}`]),
      ...(after === null ? [] : [`+ ${path}: ${JSON.stringify(after)}`]),
    ])
    .join('\n');
}
