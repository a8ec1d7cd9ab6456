import { existsSync } from 'node:fs';

import type { HubClient } from '../hub/hub-client.ts';
import { listAll } from '../hub/list-all.ts';
import { listClusters, registerCluster, reissueJoinToken } from '../hub/operations.ts';
import { writePrivate } from '../private-file.ts';
import type { DemoCluster } from './demo-clusters.ts';

interface Agent {
  readonly stateDir: string;
  readonly tokenFile: string;
}

/** Makes sure that the agent of the cluster can enrol, or has: at a second start it has its identity already. */
export async function join(
  hub: HubClient,
  project: string,
  { name, labels }: DemoCluster,
  { stateDir, tokenFile }: Agent,
): Promise<void> {
  const registered = await listAll(
    async (after) => (await hub.ask(listClusters, { after, filter: { project } })).clusters,
  );
  const cluster = registered.find((each) => each.name === name);
  if (cluster && cluster.state !== 'INVITED' && existsSync(stateDir)) return;
  const { joinToken } = cluster
    ? (await hub.ask(reissueJoinToken, { input: { clusterId: cluster.id } })).reissueJoinToken
    : (await hub.ask(registerCluster, { input: { project, name, labels } })).registerCluster;
  writePrivate(tokenFile, `${joinToken}\n`);
}
