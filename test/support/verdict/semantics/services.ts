import { expect, it } from '@jest/globals';

import { flow, inputOf, networkPolicy, pod, type EvaluatorOf } from '../cluster.ts';

const service = `---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec:
  clusterIP: 10.96.0.7
  clusterIPs: [10.96.0.7, "fd00:96::7"]
  selector: { app: db }
  ports: [{ port: 80, targetPort: http }]
status: { loadBalancer: { ingress: [{ ip: 203.0.113.7 }] } }
`;
const headless = `---
apiVersion: v1
kind: Service
metadata: { name: peers, namespace: shop }
spec: { clusterIP: None, selector: { app: db } }
`;

export function services(evaluatorOf: EvaluatorOf): void {
  const cluster = pod('web') + pod('db', { addresses: '10.0.0.7' }) + service + headless;

  it.each(['10.96.0.7', 'fd00:96::7', '203.0.113.7'])(
    'the verdict for a service’s address %s is unknown, and says to name the pod',
    (address) => {
      const answer = evaluatorOf(inputOf(cluster)).judge(flow('shop/web', address, 'TCP 80'));

      expect(answer.verdict).toBe('unknown');
      expect(answer.egress.unknown).toEqual([
        'the address of service shop/db is replaced by a pod’s before policies see it: name the pod',
      ]);
    },
  );

  it('ports of policies are the pod’s, never the service’s', () => {
    const policy = networkPolicy(
      'db',
      '{ podSelector: {}, ingress: [{ ports: [{ port: http }] }] }',
    );
    const evaluator = evaluatorOf(inputOf(cluster + policy));

    const verdicts = ['TCP 8080', 'TCP 80'].map(
      (conns) => evaluator.judge(flow('shop/web', 'shop/db', conns)).verdict,
    );

    expect(verdicts).toEqual(['allowed', 'denied']);
  });

  it('an address that nothing in the inventory has is outside', () => {
    const policy = networkPolicy(
      'out',
      '{ podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ namespaceSelector: {} }] }] }',
    );

    const answer = evaluatorOf(inputOf(cluster + policy)).judge(
      flow('shop/web', '10.96.0.8', 'TCP 80'),
    );

    expect(answer.egress.verdict).toBe('denied');
    expect(answer.ingress.because).toBe('not-a-pod');
  });
}
