import type {
  ExplainedDirection as Explained,
  Explanation,
  Flow,
  PortProtocol,
  Step,
} from '@picket/verdict';

import type { ExplainedDirection, ExplainedPair } from './corpora.ts';
import { peerOf } from './compare-probes.ts';

/** Explained pairs that are explained otherwise: another result, other policies or rules. The first port of each range is asked. */
export function explainDifferences(
  explain: (flow: Flow) => Explanation,
  pairs: readonly ExplainedPair[],
): string[] {
  // Analysis of Ingress and Route objects is out of scope (README of the corpora).
  const inScope = pairs.filter(({ src }) => src !== '{ingress-controller}');
  return inScope.flatMap(({ src, dst, blocks }) =>
    blocks.flatMap(({ conns, verdict, egress, ingress }) =>
      portsOf(conns).flatMap(({ protocol, port }) => {
        const answer = explain({ src: firstOf(src), dst: firstOf(dst), protocol, port });
        const expected = [
          verdict === 'allow' ? 'allowed' : 'denied',
          expectedText(egress),
          expectedText(ingress),
        ];
        const actual = [
          answer.verdict,
          egress ? actualText(answer.egress) : answer.egress.reasons.length === 0 && 'default',
          ingress ? actualText(answer.ingress) : answer.ingress.reasons.length === 0 && 'default',
        ];
        return JSON.stringify(expected) === JSON.stringify(actual)
          ? []
          : [
              `${src} => ${dst} ${protocol} ${port}: expected ${expected.join('; ')}, is ${actual.join('; ')}`,
            ];
      }),
    ),
  );
}

function firstOf(peer: string): ReturnType<typeof peerOf> {
  return peerOf(peer.replace(/\[External\]$/, '').replace(/^([\d.]+)-[\d.]+$/, '$1'));
}

/** `TCP:[1-79,81-65535], UDP, SCTP`: the first port of each range. */
function portsOf(conns: string): { protocol: PortProtocol; port: number }[] {
  if (conns.startsWith('All')) return portsOf('TCP, UDP, SCTP');
  return conns
    .matchAll(/(TCP|UDP|SCTP)(?::\[([\d,-]+)\])?/g)
    .flatMap(([, protocol, ranges = '1']) =>
      ranges.split(',').map((range) => ({
        protocol: protocol as PortProtocol,
        port: Number(range.split('-')[0]),
      })),
    )
    .toArray();
}

function expectedText(direction: ExplainedDirection | null): string {
  if (!direction) return 'default';
  // A reason without a policy is the default that was reached after passes.
  const reasons = direction.reasons
    .filter(({ policyKind }) => policyKind !== undefined)
    .map(
      ({ policyKind, policy, effect, rule }) =>
        `${policyKind} ${policy} ${effect}${rule === undefined ? '' : ` ${rule}`}`,
    );
  return [direction.result, ...reasons.toSorted()].join(', ');
}

const EFFECTS = {
  accepts: 'allow',
  denies: 'deny',
  passes: 'pass',
  selects: 'selects-no-match',
} as const satisfies Record<Step['effect'], string>;

function actualText({ verdict, reasons: steps }: Explained): string {
  const reasons = steps.map(({ policy: { kind, namespace, name }, effect, rule }) => {
    const policy = namespace === undefined ? name : `${namespace}/${name}`;
    const ruleName = kind === 'NetworkPolicy' ? `#${(rule?.index ?? 0) + 1}` : rule?.name;
    return `${kind} ${policy} ${EFFECTS[effect]}${rule ? ` ${ruleName}` : ''}`;
  });
  return [verdict, ...reasons.toSorted()].join(', ');
}
