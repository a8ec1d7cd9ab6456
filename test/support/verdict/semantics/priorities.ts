import { expect, it } from '@jest/globals';

import { clusterPolicy, flow, inputOf, pod, type EvaluatorOf } from '../cluster.ts';

const pods = pod('web') + pod('db');
const query = flow('shop/web', 'shop/db', 'TCP 5432');
const rule = (action: string, more = ''): string =>
  `ingress: [{ action: ${action}, from: [{ namespaces: {} }]${more} }]`;

export function priorities(evaluatorOf: EvaluatorOf): void {
  it('the verdict is unknown where the order of two policies would decide', () => {
    const manifests =
      pods +
      clusterPolicy('open', 'Admin', 5, rule('Accept')) +
      clusterPolicy('shut', 'Admin', 5, rule('Deny'));

    const { verdict, ingress } = evaluatorOf(inputOf(manifests)).judge(query);

    expect(verdict).toBe('unknown');
    expect(ingress.unknown).toEqual([
      'ClusterNetworkPolicy open and ClusterNetworkPolicy shut have the same priority and disagree',
    ]);
  });

  it('the verdict is known where they agree', () => {
    const manifests =
      pods +
      clusterPolicy('one', 'Admin', 5, rule('Deny')) +
      clusterPolicy('two', 'Admin', 5, rule('Deny'));

    const { verdict } = evaluatorOf(inputOf(manifests)).judge(query);

    expect(verdict).toBe('denied');
  });

  it('the verdict is known where only one of them matches', () => {
    const manifests =
      pods +
      clusterPolicy(
        'web',
        'Admin',
        5,
        rule('Deny', ', protocols: [{ tcp: { destinationPort: { number: 80 } } }]'),
      ) +
      clusterPolicy('open', 'Admin', 5, rule('Accept'));

    const { verdict, ingress } = evaluatorOf(inputOf(manifests)).judge(query);

    expect(verdict).toBe('allowed');
    expect(ingress.policy?.name).toBe('open');
  });

  it('the verdict is known where an earlier policy decides', () => {
    const manifests =
      pods +
      clusterPolicy('first', 'Admin', 4, rule('Accept')) +
      clusterPolicy('open', 'Admin', 5, rule('Accept')) +
      clusterPolicy('shut', 'Admin', 5, rule('Deny'));

    const { verdict } = evaluatorOf(inputOf(manifests)).judge(query);

    expect(verdict).toBe('allowed');
  });

  it('Pass against Accept is no disagreement when the later tiers accept too', () => {
    const manifests =
      pods +
      clusterPolicy('pass', 'Admin', 5, rule('Pass')) +
      clusterPolicy('open', 'Admin', 5, rule('Accept'));

    const { verdict } = evaluatorOf(inputOf(manifests)).judge(query);

    expect(verdict).toBe('allowed');
  });

  it('equal priorities in different tiers have an order', () => {
    const manifests =
      pods +
      clusterPolicy('open', 'Admin', 5, rule('Accept')) +
      clusterPolicy('shut', 'Baseline', 5, rule('Deny'));

    const { verdict } = evaluatorOf(inputOf(manifests)).judge(query);

    expect(verdict).toBe('allowed');
  });

  it('connectivity keeps apart what is allowed and what is unknown', () => {
    const manifests =
      pods +
      clusterPolicy('open', 'Admin', 5, rule('Accept')) +
      clusterPolicy(
        'shut',
        'Admin',
        5,
        rule('Deny', ', protocols: [{ tcp: { destinationPort: { number: 80 } } }]'),
      );

    const rows = evaluatorOf(inputOf(manifests)).connectivity();

    expect(rows.find(({ src, dst }) => src === 'shop/web[Pod]' && dst === 'shop/db[Pod]')).toEqual({
      src: 'shop/web[Pod]',
      dst: 'shop/db[Pod]',
      connections: {
        TCP: [
          [1, 79],
          [81, 65_535],
        ],
        UDP: [[1, 65_535]],
        SCTP: [[1, 65_535]],
      },
      unknown: { TCP: [[80, 80]], UDP: [], SCTP: [] },
    });
  });
}
