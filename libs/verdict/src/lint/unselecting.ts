import { mayHold } from '@picket/selector';

import type { Inventory } from '../model/inventory.ts';
import type { Direction, Peer, Policy, Rule, Subject } from '../model/policy.ts';
import { DEFAULT_SEMANTICS } from '../model/semantics.ts';
import { podEndpoint, type PodEndpoint } from '../reference/endpoint.ts';
import { matchPeer, matchSubject } from '../reference/match-peer.ts';
import { selectionText } from '../words/selection-text.ts';
import { NAMESPACE_LABELS } from './covers-peer.ts';
import type { LintProblem } from './lint-problem.ts';
import { placeOf, rulesIn } from './place.ts';

// Asked of labels only: pods on the host network count, wherever they are bound.
const CIRCUMSTANCES = {
  semantics: { ...DEFAULT_SEMANTICS, hostNetworkAsPods: true },
  family: 4,
} as const;

/** Subjects and peers that select no pod, ever or in this inventory, and ports by a name that none of the pods has. */
export function listUnselecting(policies: readonly Policy[], inventory: Inventory): LintProblem[] {
  const pods = distinctPods(inventory);
  const problems: LintProblem[] = policies.flatMap((policy) => subjectProblems(policy, pods));
  for (const { policy, direction, rule } of rulesIn(policies)) {
    for (const [index, peer] of rule.peers.entries())
      problems.push(...peerProblems(peer, pods, placeOf(policy, direction, rule, index)));
    if (pods.length > 0) problems.push(...portProblems({ policy, direction, rule }, pods));
  }
  return problems;
}

function subjectProblems(policy: Policy, pods: readonly PodEndpoint[]): LintProblem[] {
  const { subject } = policy;
  if (subject.kind !== 'pods') return [];
  if (!canSelect(subject)) return [emptyProblem({ ...placeOf(policy), path: 'spec' })];
  if (pods.length === 0 || pods.some((pod) => matchSubject(subject, pod, CIRCUMSTANCES) !== false))
    return [];
  return [
    {
      ...placeOf(policy),
      code: 'POLICY_SELECTS_NOTHING',
      severity: 'warning',
      message: `the policy binds no workload that is there: it selects ${selectionText(subject)}`,
    },
  ];
}

function peerProblems(
  peer: Peer,
  pods: readonly PodEndpoint[],
  place: ReturnType<typeof placeOf>,
): LintProblem[] {
  if (peer.kind !== 'pods') return [];
  if (!canSelect(peer)) return [emptyProblem(place)];
  if (pods.length === 0 || pods.some((pod) => matchPeer(peer, pod, CIRCUMSTANCES) !== false))
    return [];
  return [
    {
      ...place,
      code: 'PEER_SELECTS_NOTHING',
      severity: 'warning',
      message: `no workload that is there is among ${selectionText(peer)}`,
    },
  ];
}

function portProblems(
  { policy, direction, rule }: { policy: Policy; direction: Direction; rule: Rule },
  pods: readonly PodEndpoint[],
): LintProblem[] {
  const isDestination = (pod: PodEndpoint): boolean =>
    direction === 'ingress'
      ? matchSubject(policy.subject, pod, CIRCUMSTANCES) !== false
      : rule.peers.some((peer) => matchPeer(peer, pod, CIRCUMSTANCES) !== false);
  return (rule.ports ?? []).flatMap((match): LintProblem[] => {
    if (match.kind !== 'named') return [];
    const { name, protocol } = match;
    const destinations = pods.filter(isDestination);
    const hasPort = ({ workload }: PodEndpoint): boolean =>
      workload.ports.some(
        (port) => port.name === name && (protocol === undefined || port.protocol === protocol),
      );
    if (destinations.length === 0 || destinations.some(hasPort)) return [];
    return [
      {
        ...placeOf(policy, direction, rule),
        code: 'PORT_NAME_UNKNOWN',
        severity: 'warning',
        message:
          `none of the pods that it is about has a ${protocol ?? ''} port named ${name}`.replace(
            '  ',
            ' ',
          ),
      },
    ];
  });
}

function emptyProblem(place: ReturnType<typeof placeOf>): LintProblem {
  const message = 'the selector contradicts itself: nothing can ever match it';
  return { ...place, code: 'SELECTOR_EMPTY', severity: 'warning', message };
}

function canSelect({ namespaces, pods }: Extract<Subject, { kind: 'pods' }>): boolean {
  return mayHold(namespaces, NAMESPACE_LABELS) && mayHold(pods);
}

/** Of pods that no policy can tell apart, one. */
function distinctPods(inventory: Inventory): PodEndpoint[] {
  const distinct = new Map(
    inventory.workloads.map((workload) => {
      const { namespace, labels, serviceAccount, ports } = workload;
      return [JSON.stringify([namespace, labels, serviceAccount, ports]), workload];
    }),
  );
  return [...distinct.values()].map((workload) => podEndpoint(workload, inventory));
}
