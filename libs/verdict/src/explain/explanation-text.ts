import type { Step } from '../model/answer.ts';
import type { Flow, FlowPeer } from '../model/flow.ts';
import type { Direction } from '../model/policy.ts';
import { listText, policyText, ruleText } from '../words/policy-text.ts';
import type { Addition, Blocker, ExplainedDirection, Explanation, Remedy } from './explanation.ts';

/**
 * The explanation in words for those who run the applications: lines without markup, the verdict first. The manifests of
 * `remedy.additions` are named, not printed.
 */
export function explanationText({ flow, verdict, egress, ingress, remedy }: Explanation): string[] {
  const [src, dst] = endsOf(flow);
  return [
    `${verdict}: ${flowText(flow)}`,
    `Sending from ${src}: ${egress.verdict}. ${directionText(egress, src)}`,
    `Receiving at ${dst}: ${ingress.verdict}. ${directionText(ingress, dst)}`,
    ...(remedy ? remedyText(remedy, flow) : []),
  ];
}

function flowText({ src, dst, protocol, port, reply }: Flow): string {
  const of = reply ? 'the reply to ' : '';
  const [from, to] = reply ? [dst, src] : [src, dst];
  return `${of}${peerText(from)} to ${peerText(to)}, ${protocol}${port === undefined ? '' : ` ${port}`}`;
}

/** Source and destination of the connection that policies judge. */
function endsOf({ src, dst, reply }: Flow): [src: string, dst: string] {
  return reply ? [peerText(dst), peerText(src)] : [peerText(src), peerText(dst)];
}

function peerText(peer: FlowPeer): string {
  return 'workload' in peer ? peer.workload : peer.address;
}

function directionText(direction: ExplainedDirection, own: string): string {
  const passed = direction.reasons
    .filter(({ effect }) => effect === 'passes')
    .map((step) => `${authorText(step)} leaves it to the tiers after ${step.tier}. `);
  return `${passed.join('')}${decisionText(direction, own)}`;
}

function decisionText(direction: ExplainedDirection, own: string): string {
  const { because, reasons, unknown } = direction;
  const steps = reasons.filter(({ effect }) => effect !== 'passes');
  const authors = listText(steps.map(authorText));
  switch (because) {
    case 'rule':
      if (steps.length === 0) return eitherText(direction);
      return `${authors} ${does(steps, steps[0]?.effect === 'accepts' ? 'allow' : 'deny')} it.`;
    case 'isolated': {
      if (steps.length === 0) return eitherText(direction);
      const rules = steps.length === 1 ? 'none of its rules' : 'none of their rules';
      return `${authors} ${does(steps, 'select')} ${own}, and ${rules} allows this.`;
    }
    case 'default':
      return reasons.length === 0
        ? 'No policy says anything about it.'
        : 'No policy in a later tier says anything about it.';
    case 'not-a-pod':
      return `No policy binds ${own}: it is outside, a node, or on the network of its node.`;
    case 'self':
      return 'Policies cannot come between a pod and itself.';
    case 'own-node':
      return 'NetworkPolicies do not come between a pod and the node that it runs on.';
    case 'unknown':
      return `It cannot be known: ${unknown.join('; ')}.`;
  }
}

/** Where it is not known which of several decides, but all say the same. */
function eitherText({ verdict, policy }: ExplainedDirection): string {
  const first = policy ? policyText(policy) : 'one of several policies';
  return `${first} may decide it, or others do; either way it is ${verdict}.`;
}

/** `NetworkPolicy shop/web (rule #1)`, with the tier where that is not the one of NetworkPolicies. */
function authorText({ policy, rule, tier }: Step): string {
  const where = [
    ...(rule ? [ruleText(rule)] : []),
    ...(tier === 'NetworkPolicy' ? [] : [`tier ${tier}`]),
  ];
  return `${policyText(policy)}${where.length > 0 ? ` (${where.join(', ')})` : ''}`;
}

function does(authors: readonly unknown[], verb: string): string {
  if (authors.length !== 1) return verb;
  return verb === 'deny' ? 'denies' : `${verb}s`;
}

function remedyText({ additions, blockers }: Remedy, flow: Flow): string[] {
  const [src, dst] = endsOf(flow);
  const own = { egress: src, ingress: dst };
  const lines = [
    ...blockers.map((blocker) => blockerText(blocker, own[blocker.direction])),
    ...additions.flatMap((addition) => additionText(addition, own, flow)),
  ];
  if (blockers.length > 0 && additions.length > 0)
    return [...lines, 'The additions alone do not allow it.'];
  return lines;
}

function blockerText({ direction, policy, rule, tier, reason }: Blocker, own: string): string {
  const where = direction === 'egress' ? `what ${own} sends` : `what ${own} receives`;
  if (!policy) return `Nothing in its namespace can open ${where}: ${reason}.`;
  const author = authorText({ effect: 'denies', policy, tier: tier ?? '', ...(rule && { rule }) });
  return `Nothing in its namespace can open ${where}: ${reason}. It is for those who own ${author} to change.`;
}

function additionText(
  { direction, manifest, binds, peers, isolates }: Addition,
  own: Readonly<Record<Direction, string>>,
  { protocol, port }: Flow,
): string[] {
  const { name, namespace } = manifest.metadata;
  const what =
    direction === 'egress'
      ? `${own.egress} sends to ${own.ingress}`
      : `${own.ingress} receives from ${own.egress}`;
  return [
    `To allow what ${what}, add NetworkPolicy ${namespace}/${name}.`,
    port === undefined
      ? `It opens all ports between ${listText(binds)} and ${listText(peers)}: NetworkPolicies cannot name ${protocol}.`
      : `It opens ${protocol} ${port} between ${listText(binds)} and ${listText(peers)}, and nothing else.`,
    ...(isolates
      ? [
          `Careful: not all of ${listText(binds)} have a NetworkPolicy for ${direction} yet. With this one, whatever no NetworkPolicy allows is denied to them.`,
        ]
      : []),
  ];
}
