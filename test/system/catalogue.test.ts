import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { bindAgentRole, eventually, JoinedCluster, TestHub } from '../support/hub/index.ts';
import {
  type KubeBody,
  startRealCluster,
  startSimulatedCluster,
  type TestCluster,
} from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';

jest.setTimeout(120_000);

const folder = path.resolve('deploy/blueprints');
const catalogue = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const TENANTS = 'namespaces: { matchExpressions: [{ key: tenant, operator: Exists }] }';

/** What the assignment of each must or may give, and the objects that must be there then. */
const expected: Readonly<Record<string, { parameters: string; objects: readonly string[] }>> = {
  'zero-trust-baseline': {
    parameters: `{ ${TENANTS} }`,
    objects: [
      'picket-dns',
      'picket-monitoring',
      'picket-platform',
      'shop/picket-allow-dns',
      'shop/picket-allow-monitoring',
      'shop/picket-allow-same-namespace',
      'shop/picket-default-deny',
    ],
  },
  'tenant-isolation': {
    parameters: '{ tenant: shop, priority: 200 }',
    objects: ['tenant-isolation-shop'],
  },
  'dns-only-egress': { parameters: `{ ${TENANTS} }`, objects: ['shop/picket-dns-only-egress'] },
  'metadata-service-block': { parameters: '{}', objects: ['metadata-service-block'] },
  'monitoring-allowance': { parameters: '{}', objects: ['monitoring-allowance'] },
  'ingress-controller-allowance': {
    parameters: `{ ${TENANTS} }`,
    objects: ['shop/picket-allow-ingress-controller'],
  },
};

it('has a README and an expectation for each blueprint of the catalogue', () => {
  expect(Object.keys(expected).toSorted()).toEqual(catalogue.toSorted());
  for (const name of catalogue)
    expect(readFileSync(path.join(folder, name, 'README.md'), 'utf8')).toContain(`# ${name}`);
});

function suite(start: () => Promise<TestCluster>): void {
  let hub: TestHub;
  let cluster: TestCluster;
  let member: JoinedCluster;

  beforeAll(async () => {
    [hub, cluster] = await Promise.all([TestHub.start(), start()]);
    await bindAgentRole(cluster);
    await cluster.client.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { tenant: 'shop' } },
    });
    member = await JoinedCluster.join(hub, cluster, { name: 'one', labels: {} });
  }, 240_000);
  afterAll(async () => {
    await member?.leave();
    await cluster?.stop();
    await hub?.stop();
  });

  it.each(catalogue)(
    '%s is valid, compiles without a loss, and the API server takes all of it',
    async (name) => {
      const blueprint = readFileSync(path.join(folder, name, 'blueprint.yaml'), 'utf8');
      const { parameters, objects } = expected[name] ?? { parameters: '{}', objects: [] };
      await hub.apply(`${blueprint}
---
apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: ${name} }
spec: { blueprint: ${name}, clusterSelector: {}, parameters: ${parameters} }
`);

      await eventually(async () => {
        const { status, policySet } = await member.read();
        expect(status).toMatchObject({ phase: 'APPLIED', problems: [] });
        expect(policySet).toMatchObject({ losses: [], blocked: [] });
        const live = await Promise.all(
          [
            '/apis/networking.k8s.io/v1/networkpolicies',
            '/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies',
          ].map((at) => cluster.client.get(`${at}?labelSelector=picket.dev/blueprint%3D${name}`)),
        );
        const found = live
          .flatMap(({ body }) => body['items'])
          .map(({ metadata }: KubeBody) =>
            [metadata.namespace, metadata.name].filter(Boolean).join('/'),
          );
        expect(found.toSorted()).toEqual(objects);
      });
    },
  );
}

describe('the catalogue on a simulated cluster', () => suite(() => startSimulatedCluster()));

describeWith(kubeApiserver, 'the catalogue on a real cluster', () =>
  suite(() => startRealCluster()),
);
