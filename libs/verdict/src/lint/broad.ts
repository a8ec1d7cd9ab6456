import { LAST_ADDRESS } from '@picket/selector';

import type { Peer, Policy, Rule } from '../model/policy.ts';
import { MAX_PORT } from '../model/protocol.ts';
import { intervalsOf } from '../reference/intervals.ts';
import { coversPeer } from './covers-peer.ts';
import { coversPorts } from './covers-ports.ts';
import type { LintProblem } from './lint-problem.ts';
import { placeOf, rulesIn } from './place.ts';

/** Rules that allow more than anybody can have listed: everyone, any address, all ports. */
export function listBroad(policies: readonly Policy[]): LintProblem[] {
  return [...rulesIn(policies)].flatMap(({ policy, direction, rule }): LintProblem[] => {
    if (rule.action !== 'Accept' || rule.narrowedBy !== undefined) return [];
    const verb = direction === 'egress' ? 'to' : 'from';
    const problem = (code: LintProblem['code'], message: string, peer?: number): LintProblem => ({
      ...placeOf(policy, direction, rule, peer),
      code,
      severity: 'warning',
      message,
    });
    const peers = rule.peers.flatMap((peer, index) => {
      if (peer.kind === 'everything')
        return [
          problem(
            'RULE_ALLOWS_EVERYONE',
            `the rule allows traffic ${verb} everyone, in the cluster and outside`,
          ),
        ];
      if (coversPeer(peer, ALL_PODS))
        return [
          problem(
            'RULE_ALLOWS_EVERYONE',
            `the rule allows traffic ${verb} every pod in every namespace`,
            index,
          ),
        ];
      if (isWholeFamily(peer))
        return [
          problem('RULE_ALLOWS_ANY_ADDRESS', `the rule allows traffic ${verb} any address`, index),
        ];
      return [];
    });
    return isEveryPort(rule)
      ? [...peers, problem('RULE_ALLOWS_ALL_PORTS', 'the rule allows all ports')]
      : peers;
  });
}

const ALL_PODS: Peer = { kind: 'pods', namespaces: { all: [] }, pods: { all: [] } };

function isWholeFamily(peer: Peer): boolean {
  return (
    peer.kind === 'networks' &&
    ([4, 6] as const).some((family) =>
      intervalsOf(peer.networks, family).some(
        ([first, last]) => first === 0n && last === LAST_ADDRESS[family],
      ),
    )
  );
}

/** All ports of one protocol are enough. */
function isEveryPort({ ports }: Rule): boolean {
  return (['TCP', 'UDP', 'SCTP'] as const).some((protocol) =>
    coversPorts([ports], [{ kind: 'ports', protocol, from: 1, to: MAX_PORT }]),
  );
}
