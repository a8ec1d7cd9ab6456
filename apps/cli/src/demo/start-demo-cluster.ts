import { mkdirSync } from 'node:fs';
import { join as joinPath } from 'node:path';

import { startSimulatedCluster } from '../../../../test/support/kube/index.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { writePrivate } from '../private-file.ts';
import { ChildService } from '../up/child-service.ts';
import { repositoryFile } from '../up/repository.ts';
import type { Session } from '../up/session.ts';
import type { DemoCluster } from './demo-clusters.ts';
import { furnish } from './furnish.ts';
import { join } from './join.ts';
import { KubeApi } from './kube-api.ts';
import type { RunningCluster } from './story.ts';

export interface StartedCluster extends RunningCluster {
  /** File for kubectl. */
  readonly kubeconfig: string;
  /** Resolves with what to tell people when the agent ends by itself. */
  readonly agentDied: Promise<string>;
}

interface Place {
  readonly project: string;
  /** Folder of the demo's state. */
  readonly folder: string;
}

/** Starts a simulated cluster with what runs in it, and its real agent as a process of its own. */
export async function startDemoCluster(
  session: Session,
  hub: HubClient,
  cluster: DemoCluster,
  { project, folder }: Place,
): Promise<StartedCluster> {
  const home = joinPath(folder, cluster.name);
  mkdirSync(home, { recursive: true });
  const kube = await session.hold(
    () => startSimulatedCluster(),
    (started) => started.stop(),
  );
  const api = new KubeApi(kube.client);
  await furnish(api, cluster);
  const kubeconfig = joinPath(home, 'kubeconfig');
  writePrivate(kubeconfig, kube.kubeconfig());

  const place = { stateDir: joinPath(home, 'agent'), tokenFile: joinPath(home, 'join-token') };
  await join(hub, project, cluster, place);
  const agent = await session.hold(
    () =>
      new ChildService({
        title: `The agent of ${cluster.name}`,
        script: repositoryFile('agent/dist/main.js'),
        args: Object.entries({
          '--hub': hub.url,
          '--token-file': place.tokenFile,
          '--kubeconfig': kubeconfig,
          '--state-dir': place.stateDir,
        }).flat(),
        env: process.env,
        logFile: joinPath(home, 'agent.log'),
      }),
    (started) => started.stop(),
  );
  return { ...cluster, project, api, kubeconfig, agentDied: agent.died };
}
