import { expect, it } from '@jest/globals';

import { flow, inputOf, networkPolicy, pod, type EvaluatorOf } from '../cluster.ts';

const denyAll = networkPolicy('deny', '{ podSelector: {}, policyTypes: [Ingress, Egress] }');
const replica = (name: string, app: string): string => `---
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: shop
  labels: { app: ${app} }
  ownerReferences: [{ apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: u, controller: true }]
`;
const deployment = `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: shop }
spec: { selector: {}, template: { metadata: { labels: { app: api } }, spec: { containers: [] } } }
`;

export function selfAndReplicas(evaluatorOf: EvaluatorOf): void {
  it('a pod cannot block itself', () => {
    const answer = evaluatorOf(inputOf(pod('web') + denyAll)).judge(
      flow('shop/web', 'shop/web', 'TCP 80'),
    );

    expect([answer.verdict, answer.egress.because]).toEqual(['allowed', 'self']);
  });

  it('a pod can block itself where the semantics say so', () => {
    const input = inputOf(pod('web') + denyAll, { judgeSelf: true });

    expect(evaluatorOf(input).judge(flow('shop/web', 'shop/web', 'TCP 80')).verdict).toBe('denied');
  });

  it('the pods of one template are not the same pod', () => {
    const answer = evaluatorOf(inputOf(deployment + denyAll)).judge(
      flow('shop/api', 'shop/api[Deployment]', 'TCP 80'),
    );

    expect(answer.verdict).toBe('denied');
  });

  it('replicas are one peer by their owner, and unknown where they differ', () => {
    const shutOld = networkPolicy(
      'old',
      '{ podSelector: { matchLabels: { app: old } }, policyTypes: [Egress] }',
    );
    const evaluator = evaluatorOf(
      inputOf(replica('web-1', 'old') + replica('web-2', 'new') + shutOld),
    );

    const verdicts = ['shop/web-1', 'shop/web-2', 'shop/web[ReplicaSet]'].map(
      (src) => evaluator.judge(flow(src, '192.0.2.1', 'TCP 443')).verdict,
    );

    expect(verdicts).toEqual(['denied', 'allowed', 'unknown']);
    expect(
      evaluator.connectivity({ families: [4] }).map(({ src, dst }) => `${src} ${dst}`),
    ).toEqual([
      '0.0.0.0-255.255.255.255 shop/web[ReplicaSet]',
      'shop/web[ReplicaSet] 0.0.0.0-255.255.255.255',
    ]);
  });

  it('a workload that the inventory lacks is an error that says so', () => {
    const evaluator = evaluatorOf(inputOf(pod('web')));

    expect(() => evaluator.judge(flow('shop/web', 'shop/missing', 'TCP 80'))).toThrow(
      /No workload "shop\/missing"/,
    );
    expect(() => evaluator.judge(flow('shop/web', '10.0.0.256', 'TCP 80'))).toThrow(
      /not an IPv4 or IPv6 address/,
    );
  });
}
