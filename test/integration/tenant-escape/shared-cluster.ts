import { expect } from '@jest/globals';

import { type Data, eventually, ProtocolAgent } from '../../support/hub/index.ts';
import type { World } from '../access-matrix/world.ts';

/** A cluster of `plaza` in which `shop` and `bank` have a claim by name and one by labels each, and `bank` a policy in both of its own. */
export async function shareCluster(world: World, platform: string): Promise<void> {
  const share = (project: string, name: string, more: object): Promise<Data> =>
    world.do(
      'createNamespaceClaim',
      { project, name, clusterProject: 'plaza', clusterSelector: {}, ...more },
      '{ id }',
      platform,
    );
  await world.do('trustNamespaceLabels', { labels: ['team'] }, '', platform);
  await share('shop', 'till', { namespaces: ['till'] });
  await share('shop', 'tagged', { namespaceSelector: { matchLabels: { team: 'shop' } } });
  await share('bank', 'safe', { namespaces: ['safe'] });
  await share('bank', 'ledger', { namespaceSelector: { matchLabels: { team: 'bank' } } });
  for (const claim of ['safe', 'ledger'])
    await world.do(
      'saveNamespacePolicy',
      {
        project: 'bank',
        claim,
        name: `${claim}-is-closed`,
        spec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] },
      },
      '{ outcome }',
      platform,
    );
  const { joinToken, cluster } = await world.do(
    'registerCluster',
    { project: 'plaza', name: 'shared' },
    '{ joinToken cluster { id } }',
    platform,
  );
  const worker = await world.hub.replica({}, 'main.worker');
  const agent = await ProtocolAgent.create(world.hub);
  try {
    await agent.enrol(joinToken);
    await eventually(async () => {
      await agent.sync();
      const { data } = await world.ask(
        'query ($id: ID) { cluster(id: $id) { policySet { objects { edges { node { name } } } } } }',
        { id: cluster.id },
        platform,
      );
      expect(JSON.stringify(data)).toContain('safe-is-closed');
    });
  } finally {
    await agent.close();
    await worker.stop();
  }
}
