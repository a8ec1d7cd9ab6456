import { expect, it } from '@jest/globals';

import {
  clusterPolicy,
  flow,
  inputOf,
  networkPolicy,
  node,
  pod,
  type EvaluatorOf,
} from '../cluster.ts';

const nodes =
  node('n1', '172.18.0.1', '{ role: worker }') + node('n2', '172.18.0.2', '{ role: edge }');
const cluster =
  nodes +
  pod('web', { addresses: '10.0.0.1', node: 'n1' }) +
  pod('agent', { addresses: '172.18.0.1', node: 'n1', hostNetwork: true }) +
  pod('proxy', { addresses: '172.18.0.2', node: 'n2', hostNetwork: true });
const denyAll = networkPolicy('deny', '{ podSelector: {}, policyTypes: [Ingress, Egress] }');
const fromAllPods = networkPolicy(
  'pods',
  '{ podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [{ namespaceSelector: {} }] }] }',
);

export function hostNetwork(evaluatorOf: EvaluatorOf): void {
  it('are not bound by policies', () => {
    const answer = evaluatorOf(inputOf(cluster + denyAll)).judge(
      flow('shop/proxy', '192.0.2.1', 'TCP 443'),
    );

    expect(answer.verdict).toBe('allowed');
    expect(answer.egress.because).toBe('not-a-pod');
  });

  it('are not meant by pod peers', () => {
    const answer = evaluatorOf(inputOf(cluster + fromAllPods)).judge(
      flow('shop/proxy', 'shop/web', 'TCP 8080'),
    );

    expect(answer.verdict).toBe('denied');
  });

  it('are bound and meant like other pods where the semantics say so', () => {
    const evaluator = evaluatorOf(
      inputOf(cluster + denyAll + fromAllPods, { hostNetworkAsPods: true }),
    );

    const { egress, ingress } = evaluator.judge(flow('shop/proxy', 'shop/web', 'TCP 8080'));

    expect([egress.verdict, ingress.verdict]).toEqual(['denied', 'allowed']);
  });

  it.each([
    ['shop/agent', 'allowed'],
    ['172.18.0.1', 'allowed'],
    ['shop/proxy', 'denied'],
    ['172.18.0.2', 'denied'],
  ])('a NetworkPolicy never cuts a pod from its own node: from %s it is %s', (src, verdict) => {
    const answer = evaluatorOf(inputOf(cluster + denyAll)).judge(flow(src, 'shop/web', 'TCP 8080'));

    expect(answer.verdict).toBe(verdict);
  });

  it('a NetworkPolicy cuts a pod from its own node where the semantics say so', () => {
    const input = inputOf(cluster + denyAll, { judgeOwnNode: true });

    const answer = evaluatorOf(input).judge(flow('shop/agent', 'shop/web', 'TCP 8080'));

    expect(answer.verdict).toBe('denied');
  });

  it('whether a node is a pod’s own is unknown when the pod’s node is', () => {
    const manifests = nodes + pod('web', { addresses: '10.0.0.1' }) + denyAll;

    const answer = evaluatorOf(inputOf(manifests)).judge(
      flow('172.18.0.1', 'shop/web', 'TCP 8080'),
    );

    expect(answer.verdict).toBe('unknown');
    expect(answer.ingress.unknown).toEqual(['whether n1 is the node of shop/web is not known']);
  });

  it('tier Admin does cut a pod from its own node', () => {
    const policy = clusterPolicy(
      'no',
      'Admin',
      5,
      'egress: [{ action: Deny, to: [{ nodes: {} }] }]',
    );

    const answer = evaluatorOf(inputOf(cluster + policy)).judge(
      flow('shop/web', 'shop/agent', 'TCP 8080'),
    );

    expect(answer.verdict).toBe('denied');
  });

  it.each([
    ['172.18.0.2', 'denied'],
    ['shop/proxy', 'denied'],
    ['172.18.0.1', 'allowed'],
    ['172.18.0.9', 'allowed'],
    ['shop/web', 'allowed'],
  ])(
    'a nodes peer means nodes by their labels and what shares their addresses: %s is %s',
    (dst, verdict) => {
      const policy = clusterPolicy(
        'edge',
        'Admin',
        5,
        'egress: [{ action: Deny, to: [{ nodes: { matchLabels: { role: edge } } }] }]',
      );
      const manifests = cluster + pod('client') + policy;

      const answer = evaluatorOf(inputOf(manifests)).judge(flow('shop/client', dst, 'TCP 8080'));

      expect(answer.verdict).toBe(verdict);
    },
  );

  it('a network with the node’s address means pods on its network too', () => {
    const policy = clusterPolicy(
      'net',
      'Admin',
      5,
      'egress: [{ action: Deny, to: [{ networks: [172.18.0.2/32] }] }]',
    );

    const answer = evaluatorOf(inputOf(cluster + policy, { networksMatchPods: false })).judge(
      flow('shop/web', 'shop/proxy', 'TCP 8080'),
    );

    expect(answer.verdict).toBe('denied');
  });
}
