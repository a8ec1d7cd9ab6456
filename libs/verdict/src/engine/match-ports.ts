import type { ContainerPort } from '../model/inventory.ts';
import type { CompiledPort, CompiledRule } from './compiled-policy.ts';
import { isTypeUnknown, pointOf, type Point } from './points.ts';
import { NO, YES, type Truth, type Truths } from './truth.ts';

/** Whether the rule's ports mean the point. `ports`: the named ones of the destination. */
export function matchPorts(
  { ports: wanted }: CompiledRule,
  point: Point,
  ports: readonly ContainerPort[],
  truths: Truths,
): Truth {
  if (wanted === undefined) return YES;
  let truth: Truth = NO;
  for (const port of wanted) truth = truths.any(truth, matchPort(port, point, ports, truths));
  return truth;
}

function matchPort(
  { match, ranges }: CompiledPort,
  point: Point,
  ports: readonly ContainerPort[],
  truths: Truths,
): Truth {
  for (const [first, last] of ranges) if (first <= point && point <= last) return YES;
  if (match.kind === 'unknown') return truths.maybe([match.reason]);
  if (match.kind === 'named')
    return ports.some(({ name, ...port }) => name === match.name && isMeant(match, port, point))
      ? YES
      : NO;
  if (match.kind === 'icmp' && match.type !== undefined && isTypeUnknown(point, match.protocol))
    return truths.maybe(['a rule names an ICMP type, and that of the flow is not known']);
  return NO;
}

function isMeant(
  { protocol }: { readonly protocol?: string },
  port: Omit<ContainerPort, 'name'>,
  point: Point,
): boolean {
  return (protocol === undefined || protocol === port.protocol) && pointOf(port) === point;
}

/** Adds the points at which the rule's answer may change. */
export function addCuts(
  { ports: wanted }: CompiledRule,
  ports: readonly ContainerPort[],
  cuts: Set<Point>,
): void {
  for (const { match, ranges } of wanted ?? []) {
    for (const [first, last] of ranges) cuts.add(first).add(last + 1);
    if (match.kind === 'named')
      for (const port of ports)
        if (port.name === match.name) cuts.add(pointOf(port)).add(pointOf(port) + 1);
    if (match.kind === 'icmp' && match.type !== undefined) {
      const noType = pointOf({ protocol: match.protocol });
      cuts.add(noType).add(noType + 1);
    }
  }
}
