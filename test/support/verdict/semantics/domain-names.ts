import { expect, it } from '@jest/globals';

import { clusterPolicy, flow, inputOf, pod, type EvaluatorOf } from '../cluster.ts';

const allowList = (...names: string[]): string =>
  clusterPolicy(
    'names',
    'Admin',
    5,
    `egress: [{ action: Accept, to: [{ domainNames: [${names.map((name) => `"${name}"`).join(', ')}] }] }]`,
  ) +
  clusterPolicy('rest', 'Admin', 6, 'egress: [{ action: Deny, to: [{ networks: [0.0.0.0/0] }] }]');

export function domainNames(evaluatorOf: EvaluatorOf): void {
  it('make the verdict unknown for an address whose names are not known', () => {
    const evaluator = evaluatorOf(inputOf(pod('web') + allowList('example.com')));

    const { verdict, egress } = evaluator.judge(flow('shop/web', '192.0.2.1', 'TCP 443'));

    expect(verdict).toBe('unknown');
    expect(egress.unknown).toEqual([
      'a rule names domains, and which names mean 192.0.2.1 is not known',
    ]);
  });

  it('do not matter where the rest allows the address anyway', () => {
    const manifests =
      pod('web') +
      clusterPolicy(
        'names',
        'Admin',
        5,
        'egress: [{ action: Accept, to: [{ domainNames: [example.com] }] }]',
      );

    const { verdict } = evaluatorOf(inputOf(manifests)).judge(
      flow('shop/web', '192.0.2.1', 'TCP 443'),
    );

    expect(verdict).toBe('allowed');
  });

  it.each([
    ['kubernetes.io', 'kubernetes.io', 'allowed'],
    ['kubernetes.io', 'www.kubernetes.io', 'denied'],
    ['kubernetes.io', 'my-kubernetes.io', 'denied'],
    ['*.kubernetes.io', 'www.kubernetes.io', 'allowed'],
    ['*.kubernetes.io', 'latest.blog.kubernetes.io', 'allowed'],
    ['*.kubernetes.io', 'kubernetes.io', 'denied'],
    ['*.kubernetes.io', 'my-kubernetes.io', 'denied'],
    ['Kubernetes.io.', 'kubernetes.IO', 'allowed'],
  ])('%s against an address known as %s: %s', (pattern, name, verdict) => {
    const evaluator = evaluatorOf(inputOf(pod('web') + allowList(pattern)));
    const dst = { address: '192.0.2.1', domainNames: [name] };

    const answer = evaluator.judge(flow('shop/web', dst, 'TCP 443'));

    expect(answer.verdict).toBe(verdict);
  });

  it.each([
    ['example.com', 'denied'],
    ['*.example.com', 'denied'],
    ['db.shop.svc.cluster.local', 'unknown'],
    ['*.cluster.local', 'unknown'],
    ['svc.k8s.corp.example', 'denied'],
  ])('mean pods only below the cluster’s own domain: %s, %s', (name, verdict) => {
    const manifests = pod('web') + pod('db', { addresses: '10.0.0.7' }) + allowList(name);

    const answer = evaluatorOf(inputOf(manifests)).judge(flow('shop/web', '10.0.0.7', 'TCP 8080'));

    expect(answer.verdict).toBe(verdict);
  });

  it.each(['*.corp.example', 'db.shop.svc.k8s.corp.example'])(
    'mean pods below the cluster’s own domain, whatever that is: %s',
    (name) => {
      const manifests = pod('web') + pod('db', { addresses: '10.0.0.7' }) + allowList(name);
      const input = inputOf(manifests, { clusterDomain: 'k8s.corp.example' });

      const answer = evaluatorOf(input).judge(flow('shop/web', '10.0.0.7', 'TCP 8080'));

      expect(answer.verdict).toBe('unknown');
    },
  );
}
