import { describe, expect, it } from '@jest/globals';

import { compile } from '../engine/engine.ts';
import type { Flow } from '../model/flow.ts';
import { parseObjects } from '../parse/parse-objects.ts';
import { explain } from './explain.ts';
import { explanationText } from './explanation-text.ts';
import type { Explanation } from './explanation.ts';

const pod = (name: string, labels: object = { app: name }): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: name === 'web' ? 'front' : 'shop', labels },
  spec: { containers: [] },
});
const networkPolicy = (name: string, spec: object): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: 'shop' },
  spec: { podSelector: {}, ...spec },
});
const clusterPolicy = (name: string, tier: string, action: string): object => ({
  apiVersion: 'policy.networking.k8s.io/v1alpha2',
  kind: 'ClusterNetworkPolicy',
  metadata: { name },
  spec: {
    tier,
    priority: 1,
    subject: { namespaces: {} },
    ingress: [{ name: 'all', action, from: [{ namespaces: {} }] }],
  },
});

const FLOW: Flow = {
  src: { workload: 'front/web' },
  dst: { workload: 'shop/db' },
  protocol: 'TCP',
  port: 5432,
};

function explainWith(...objects: object[]): Explanation {
  const input = parseObjects([pod('web'), pod('db'), ...objects].map((value) => ({ value })));
  return explain(compile(input), input, FLOW);
}

describe('explain', () => {
  it('says that nothing speaks of a flow that is allowed', () => {
    expect(explanationText(explainWith())).toEqual([
      'allowed: front/web to shop/db, TCP 5432',
      'Sending from front/web: allowed. No policy says anything about it.',
      'Receiving at shop/db: allowed. No policy says anything about it.',
    ]);
  });

  it('names every policy that selects a pod when none allows, and the smallest one to add', () => {
    const explanation = explainWith(
      networkPolicy('a', {}),
      networkPolicy('b', { ingress: [{ ports: [{ port: 80 }] }] }),
    );

    expect(explanationText(explanation)[2]).toBe(
      'Receiving at shop/db: denied. NetworkPolicy shop/a and NetworkPolicy shop/b select shop/db, and none of their rules allows this.',
    );
    expect(explanation.remedy).toEqual({
      blockers: [],
      additions: [
        {
          direction: 'ingress',
          binds: ['shop/db'],
          peers: ['front/web'],
          isolates: false,
          manifest: {
            apiVersion: 'networking.k8s.io/v1',
            kind: 'NetworkPolicy',
            metadata: { name: 'allow-db-from-web-tcp-5432', namespace: 'shop' },
            spec: {
              podSelector: { matchLabels: { app: 'db' } },
              policyTypes: ['Ingress'],
              ingress: [
                {
                  from: [
                    {
                      namespaceSelector: {
                        matchLabels: { 'kubernetes.io/metadata.name': 'front' },
                      },
                      podSelector: { matchLabels: { app: 'web' } },
                    },
                  ],
                  ports: [{ protocol: 'TCP', port: 5432 }],
                },
              ],
            },
          },
        },
      ],
    });
  });

  it('keeps off pods that have more labels, and not only those of this moment', () => {
    const special = pod('special', { app: 'db', role: 'backup' });
    const hashed = pod('db-1', { app: 'db', 'pod-template-hash': 'x' });

    const { remedy } = explainWith(networkPolicy('a', {}), special, hashed);

    expect(remedy?.additions[0]?.binds).toEqual(['shop/db', 'shop/db-1']);
    expect(remedy?.additions[0]?.manifest.spec['podSelector']).toEqual({
      matchLabels: { app: 'db' },
      matchExpressions: [{ key: 'role', operator: 'DoesNotExist' }],
    });
  });

  it('names what it suggests after owners, which outlive their pods', () => {
    const owned = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'api-7d9-x',
        namespace: 'shop',
        labels: { app: 'api', 'pod-template-hash': '7d9' },
        ownerReferences: [{ kind: 'ReplicaSet', name: 'api-7d9', controller: true }],
      },
      spec: { containers: [] },
    };
    const input = parseObjects(
      [pod('web'), owned, networkPolicy('a', {})].map((value) => ({ value })),
    );

    const flow = { ...FLOW, dst: { workload: 'shop/api-7d9[ReplicaSet]' } };
    const explanation = explain(compile(input), input, flow);

    expect(explanationText(explanation)).toContain(
      'To allow what shop/api-7d9[ReplicaSet] receives from front/web, add NetworkPolicy shop/allow-api-from-web-tcp-5432.',
    );
    expect(explanation.remedy?.additions[0]?.manifest.spec['podSelector']).toEqual({
      matchLabels: { app: 'api' },
    });
  });

  it('says whose rule denies where no NetworkPolicy can help', () => {
    const explanation = explainWith(clusterPolicy('walls', 'Admin', 'Deny'));

    expect(explanation.remedy).toMatchObject({
      additions: [],
      blockers: [{ direction: 'ingress', tier: 'Admin', policy: { name: 'walls' } }],
    });
    expect(explanationText(explanation).slice(2)).toEqual([
      'Receiving at shop/db: denied. ClusterNetworkPolicy walls (rule "all", tier Admin) denies it.',
      'Nothing in its namespace can open what shop/db receives: a rule of tier Admin denies it, and a NetworkPolicy cannot override that. It is for those who own ClusterNetworkPolicy walls (rule "all", tier Admin) to change.',
    ]);
  });

  it('follows a pass to the tier that decides, and warns when the addition isolates', () => {
    const explanation = explainWith(
      clusterPolicy('pass', 'Admin', 'Pass'),
      clusterPolicy('floor', 'Baseline', 'Deny'),
    );

    expect(explanation.ingress.reasons.map(({ effect }) => effect)).toEqual(['passes', 'denies']);
    expect(explanation.remedy?.additions[0]?.isolates).toBe(true);
    expect(explanationText(explanation).at(-1)).toMatch(/^Careful: not all of shop\/db/);
  });
});
