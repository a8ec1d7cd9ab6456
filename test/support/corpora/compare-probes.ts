import type { Evaluator, Flow, FlowPeer, Protocol } from '@picket/verdict';

import type { ExpectedRow } from './corpora.ts';

const WORDS = { allow: 'allowed', deny: 'denied' } as const;

/** Rows of single connections for which the evaluator says otherwise: the verdict, and each direction where upstream states it. */
export function probeDifferences(evaluator: Evaluator, rows: readonly ExpectedRow[]): string[] {
  return rows.flatMap((row) => {
    const [protocol, port] = row.conns.split(' ');
    const flow: Flow = {
      src: peerOf(row.src),
      dst: peerOf(row.dst),
      protocol: protocol as Protocol,
      port: Number(port),
    };
    const answer = evaluator.judge(flow);
    const differs = (actual: string, expected: 'allow' | 'deny' | undefined): boolean =>
      expected !== undefined && actual !== WORDS[expected];
    const isWrong =
      differs(answer.verdict, row.verdict) ||
      differs(answer.egress.verdict, row.egress) ||
      differs(answer.ingress.verdict, row.ingress);
    return isWrong
      ? [
          `${JSON.stringify(row)}: ${answer.verdict}, egress ${JSON.stringify(answer.egress)}, ingress ${JSON.stringify(answer.ingress)}`,
        ]
      : [];
  });
}

/** `namespace/name`, `namespace/owner[Kind]`, or an address. */
export function peerOf(text: string): FlowPeer {
  return text.includes('/') ? { workload: text } : { address: text };
}
