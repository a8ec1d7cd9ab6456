import type { LabelFormula } from '@picket/selector';
import {
  PORT_PROTOCOLS,
  type ExposedPeer,
  type Exposure,
  type WorkloadExposure,
} from '@picket/verdict';

import { connectionsOf, type ExpectedExposure } from './corpora.ts';

/** Lines of an exposure that one side has and the other lacks, and workloads on whose protection they disagree. */
export function exposureDifferences(
  actual: readonly WorkloadExposure[],
  expected: ExpectedExposure,
): string[] {
  const wanted = new Set([
    ...(['egress', 'ingress'] as const).flatMap((direction) =>
      expected[direction].map(
        ({ workload, peer, conns }) =>
          `${workload} ${direction} ${expectedPeer(peer)}: ${expectedConnections(conns)}`,
      ),
    ),
    ...expected.unprotected.map(
      ({ workload, direction }) => `${workload} ${direction.toLowerCase()} is not protected`,
    ),
  ]);
  const found = new Set(
    actual.flatMap(({ workload, direction, isProtected, peers }) => [
      ...peers.map((exposure) => `${workload} ${direction} ${actualText(exposure)}`),
      ...(isProtected ? [] : [`${workload} ${direction} is not protected`]),
    ]),
  );
  return [
    ...[...wanted.difference(found)].map((text) => `missing: ${text}`),
    ...[...found.difference(wanted)].map((text) => `not listed: ${text}`),
  ];
}

function actualText({ peer, connections, namedPorts }: Exposure): string {
  const ports = PORT_PROTOCOLS.flatMap((protocol) =>
    connections[protocol].map((range) => `${protocol} ${range.join('-')}`),
  );
  const names = namedPorts.map(({ protocol, name }) => (protocol ? `${protocol} ${name}` : name));
  return `${actualPeer(peer)}: ${[...ports, ...names].toSorted().join(', ')}`;
}

function actualPeer(peer: ExposedPeer): string {
  if (peer.kind === 'cluster') return 'cluster';
  if (peer.kind === 'outside') return peer.range;
  return `[${testsOf(peer.namespaces).join('; ')}]/[${testsOf(peer.pods).join('; ')}]`;
}

function testsOf(formula: LabelFormula): string[] {
  if ('all' in formula) return formula.all.flatMap(testsOf).toSorted();
  if (!('operator' in formula)) return [JSON.stringify(formula)];
  return [`${formula.key} ${formula.operator} ${(formula.values ?? []).toSorted().join(' ')}`];
}

/** `entire-cluster`, `first-last[External]`, or `NAMESPACES/PODS`. */
function expectedPeer(text: string): string {
  if (text === 'entire-cluster') return 'cluster';
  if (text.endsWith('[External]')) return text.slice(0, -'[External]'.length);
  const [, namespaces = '', pods = ''] =
    /^(\[all namespaces\]|\[namespace with \{.*?\}\]|[^[/]+)\/(.*)$/.exec(text) ?? [];
  return `[${expectedTests(namespaces).join('; ')}]/[${expectedTests(pods).join('; ')}]`;
}

/** `[pod with {app=web,{Key:tier,Operator:In,Values:[a b],}}]`, `[all pods]`, or the name of a namespace. */
function expectedTests(text: string): string[] {
  if (text.startsWith('[all ')) return [];
  const selector = /^\[\w+ with \{(.*)\}\]$/.exec(text)?.[1];
  if (selector === undefined) return [`kubernetes.io/metadata.name In ${text}`];
  const expressions = selector
    .matchAll(/\{Key:([^,]*),Operator:(\w+),Values:\[([^\]]*)\],\}/g)
    .map(([, key, operator, values = '']) => {
      const sorted = values.split(' ').toSorted().join(' ');
      return `${key} ${operator} ${sorted}`;
    });
  const labels = selector
    .replaceAll(/\{[^}]*\}/g, '')
    .split(',')
    .filter((label) => label !== '')
    .map((label) => label.replace('=', ' In '));
  return [...expressions, ...labels].toSorted();
}

/** `TCP 80,http,UDP 53`: as in other cases, and ports by name. */
function expectedConnections(text: string): string {
  const named: string[] = [];
  const numbered: string[] = [];
  let protocol: string | undefined;
  for (const part of text.split(',')) {
    const [first = '', ...rest] = part.trim().split(' ');
    const hasProtocol = rest.length > 0;
    if (hasProtocol) protocol = first;
    const port = hasProtocol ? rest.join(' ') : first;
    if (text.startsWith('All') || /^\d/.test(port)) numbered.push(part);
    else named.push(protocol ? `${protocol} ${port}` : port);
  }
  const connections =
    numbered.length > 0 ? connectionsOf(numbered.join(',')) : { TCP: [], UDP: [], SCTP: [] };
  const ports = PORT_PROTOCOLS.flatMap((each) =>
    connections[each].map((range) => `${each} ${range.join('-')}`),
  );
  return [...ports, ...named].toSorted().join(', ');
}
