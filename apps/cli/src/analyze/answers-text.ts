import type { Direction, DirectionAnswer, PolicyId } from '@picket/verdict';

import { oneLine } from '../output/render.ts';
import type { JudgedFlow } from './judge-flows.ts';
import { type OutputFormat, csvTable, markdownTable } from './output-format.ts';
import { remembered } from './rows-text.ts';

const HEAD = ['verdict', 'src', 'dst', 'protocol', 'port', 'egress', 'ingress'];

/** What was decided about each flow, in their order. As JSON it is one object on each line. */
export function answersText(
  format: Exclude<OutputFormat, 'dot'>,
  answers: Iterable<JudgedFlow>,
): Iterable<string> {
  switch (format) {
    case 'json':
      return jsonLines(answers);
    case 'csv':
      return csvTable(HEAD, cells(answers));
    case 'md':
      return markdownTable(HEAD, cells(answers));
    case 'txt':
      return lines(answers);
  }
}

function* jsonLines(answers: Iterable<JudgedFlow>): Generator<string> {
  const known = remembered(directionJson);
  const textOf = (answer: DirectionAnswer): string =>
    answer.verdict === 'unknown' ? directionJson(answer) : known(answer);
  for (const { verdict, egress, ingress } of answers)
    yield `{"verdict":"${verdict}","egress":${textOf(egress)},"ingress":${textOf(ingress)}}\n`;
}

/** Reasons are added only where they are what there is to say. */
function directionJson({ verdict, tier, policy, rule, unknown }: DirectionAnswer): string {
  const reasons = verdict === 'unknown' ? unknown : undefined;
  return JSON.stringify({ verdict, tier, policy, rule, unknown: reasons });
}

function* lines(answers: Iterable<JudgedFlow>): Generator<string> {
  for (const answer of answers) {
    const { verdict, src, dst, flow, egress, ingress, isExpected } = answer;
    const port = flow.port === undefined ? '' : ` ${flow.port}`;
    const surprise = isExpected ? '' : ' (not expected)';
    const reasons = `egress ${reasonText('egress', egress)}; ingress ${reasonText('ingress', ingress)}`;
    yield `${oneLine(`${verdict}${surprise}: ${src} => ${dst} : ${flow.protocol}${port}: ${reasons}`)}\n`;
  }
}

function* cells(answers: Iterable<JudgedFlow>): Generator<string[]> {
  for (const { verdict, src, dst, flow, egress, ingress } of answers)
    yield [
      verdict,
      src,
      dst,
      flow.protocol,
      String(flow.port ?? ''),
      reasonText('egress', egress),
      reasonText('ingress', ingress),
    ];
}

/** `allowed by NetworkPolicy shop/web ingress[0]`, or why no rule decided. */
function reasonText(direction: Direction, answer: DirectionAnswer): string {
  const { verdict, because, policy, rule, unknown } = answer;
  switch (because) {
    case 'rule':
      return `${verdict} by ${policyText(policy)} ${direction}[${rule?.index}]${rule?.name ? ` ${rule.name}` : ''}`;
    case 'isolated':
      return `${verdict} by ${policyText(policy)}, no rule of which matches`;
    case 'default':
      return `${verdict} by default`;
    case 'not-a-pod':
      return `${verdict}, as policies bind pods only`;
    case 'self':
      return `${verdict}, as a pod reaches itself`;
    case 'own-node':
      return `${verdict}, as a pod and its node reach each other`;
    case 'unknown':
      return `unknown: ${unknown.join('; ')}`;
  }
}

function policyText(policy: PolicyId | undefined): string {
  if (!policy) return 'a policy';
  const { kind, namespace, name } = policy;
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
