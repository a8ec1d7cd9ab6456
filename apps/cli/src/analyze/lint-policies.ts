import { type PolicyId, lint } from '@picket/verdict';

import { type InputProblem, problemText } from './input-rejected.ts';
import { type OutputFormat, csvTable, jsonArray, markdownTable } from './output-format.ts';
import { type Question, tellingFindings } from './question.ts';
import { inputProblem, readCluster } from './read-cluster.ts';

const HEAD = ['file', 'path', 'code', 'message'];

/** What is suspicious about the policies, piece by piece. Equal priorities are findings here, and no refusal. Throws InputRejected. */
export async function lintPolicies({
  paths,
  output,
  onFinding,
  warn,
}: Question<Exclude<OutputFormat, 'dot'>>): Promise<Iterable<string>> {
  const cluster = await readCluster(paths, warn, (code) => code === 'PRIORITY_EQUAL');
  const { inventory, policies, files, tolerated } = cluster;
  const findings = lint(policies, inventory).map(({ policy, ...problem }) =>
    inputProblem({
      ...problem,
      file: files.get(policy) ?? '',
      kind: policy.kind,
      name: nameOf(policy),
    }),
  );
  return findingsText(
    output,
    tellingFindings([...tolerated, ...findings], () => true, onFinding),
  );
}

function nameOf({ namespace, name }: PolicyId): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function findingsText(
  format: Exclude<OutputFormat, 'dot'>,
  findings: Iterable<InputProblem>,
): Iterable<string> {
  switch (format) {
    case 'json':
      return jsonArray(mapped(findings, (finding) => JSON.stringify(finding)));
    case 'csv':
      return csvTable(HEAD, mapped(findings, cells));
    case 'md':
      return markdownTable(HEAD, mapped(findings, cells));
    case 'txt':
      return mapped(findings, (finding) => `${problemText(finding)}\n`);
  }
}

function cells({ file, path, code, message }: InputProblem): string[] {
  return [file, path, code, message];
}

function* mapped<In, Out>(items: Iterable<In>, map: (item: In) => Out): Generator<Out> {
  for (const item of items) yield map(item);
}
