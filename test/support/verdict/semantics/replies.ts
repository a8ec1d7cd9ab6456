import { expect, it } from '@jest/globals';

import { flow, inputOf, networkPolicy, pod, type EvaluatorOf } from '../cluster.ts';

const oneWay =
  pod('web') +
  pod('db') +
  networkPolicy(
    'db',
    '{ podSelector: { matchLabels: { app: db } }, policyTypes: [Ingress, Egress], ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: 5432 }] }] }',
  );

export function replies(evaluatorOf: EvaluatorOf): void {
  it('of an allowed connection is allowed, though a new connection that way is not', () => {
    const evaluator = evaluatorOf(inputOf(oneWay));
    const back = flow('shop/db', 'shop/web', 'TCP 5432');

    const verdicts = [back, { ...back, reply: true } as const].map(
      (each) => evaluator.judge(each).verdict,
    );

    expect(verdicts).toEqual(['denied', 'allowed']);
  });

  it('is explained by the rule that let its connection in', () => {
    const evaluator = evaluatorOf(inputOf(oneWay));

    const { ingress } = evaluator.judge({
      ...flow('shop/db', 'shop/web', 'TCP 5432'),
      reply: true,
    });

    expect(ingress).toMatchObject({ because: 'rule', policy: { name: 'db' }, rule: { index: 0 } });
  });

  it('of a denied connection is denied', () => {
    const evaluator = evaluatorOf(inputOf(oneWay));

    const { verdict } = evaluator.judge({ ...flow('shop/db', 'shop/web', 'TCP 22'), reply: true });

    expect(verdict).toBe('denied');
  });
}
