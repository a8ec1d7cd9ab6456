import { readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { fileURLToPath } from 'node:url';

import { applyDocuments } from '../documents/apply-documents.ts';
import { type SourceDocument, splitDocuments } from '../documents/read-documents.ts';
import { Failure, exitCode } from '../exit-code.ts';
import { HubClient } from '../hub/hub-client.ts';
import { findCluster } from '../hub/operations.ts';
import { readToken } from '../hub/connection.ts';
import { hasWhatItShould, readFleet, summarize, untilSettled } from '../hub/status.ts';
import { publishConnection, startLocalHub } from '../up/local-hub.ts';
import { repositoryFile } from '../up/repository.ts';
import { inSession } from '../up/session.ts';
import { stateFolder } from '../up/state-folder.ts';
import { lockState } from '../up/state-lock.ts';
import { demoClusters } from './demo-clusters.ts';
import { nextSteps } from './next-steps.ts';
import { invitePeople } from './people.ts';
import { tellOfPeople } from './people-story.ts';
import { startDemoCluster } from './start-demo-cluster.ts';
import { tellStory, untilEnforced } from './story.ts';

export interface DemoOptions {
  readonly stateDir: string;
  readonly port?: number;
  /** End after the story. */
  readonly once?: true;
}

const PROJECT = 'default';
const SETTLED_MS_MAX = 60_000;

const TENANTS = ['shop', 'payments', 'sandbox'];

/** Binds the baseline to the namespaces of tenants everywhere, and keeps each tenant apart from the others, in tier Admin. */
const assignments = [
  `apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: baseline-everywhere }
spec:
  blueprint: zero-trust-baseline
  clusterSelector: {}
  parameters:
    namespaces: { matchExpressions: [{ key: tenant, operator: Exists }] }
`,
  ...TENANTS.map(
    (tenant, index) => `apiVersion: picket.dev/v1alpha1
kind: Assignment
metadata: { name: isolate-${tenant} }
spec:
  blueprint: tenant-isolation
  clusterSelector: {}
  parameters: { tenant: ${tenant}, priority: ${200 + index} }
`,
  ),
].join('---\n');

/** A hub, three simulated clusters, their real agents, a blueprint, and the story of it. Lasts until Ctrl-C. */
export function runDemo({ stateDir, port, once }: DemoOptions): Promise<void> {
  const folder = stateFolder(joinPath(stateDir, 'demo'));
  return inSession(async (session) => {
    await session.hold(
      () => lockState(folder),
      (lock) => lock.release(),
    );
    say('Starting a hub and three simulated clusters …');
    const local = await startLocalHub(session, { stateDir: folder, port });
    const hub = new HubClient({ url: local.url, token: readToken(local.tokenFile) });

    say('Registering the clusters and starting their agents …');
    const clusters = await Promise.all(
      demoClusters.map((cluster) =>
        startDemoCluster(session, hub, cluster, { project: PROJECT, folder }),
      ),
    );
    const agentDied = Promise.race(clusters.map((cluster) => cluster.agentDied));
    const died = Promise.race([
      local.died,
      agentDied.then((why): never => {
        throw new Failure(exitCode.unreachable, why);
      }),
    ]);
    died.catch(() => undefined); // told below

    say('Applying zero-trust-baseline and tenant-isolation, and assigning them to every cluster …');
    const applied = await applyDocuments(hub, demoDocuments(), { project: PROJECT, dryRun: false });
    const settled = untilSettled(() => readFleet(hub, { project: PROJECT }), {
      timeoutMs: SETTLED_MS_MAX,
      onChange: (fleet) => say(`  ${summarize(fleet)}`),
      // A cluster without policies has what it should have too, before the hub has compiled the first ones.
      isDone: (member) => hasWhatItShould(member) && member.status.counts.applied > 0,
    });
    const fleet = await Promise.race([settled, died]);
    if (!fleet.every(hasWhatItShould))
      throw new Failure(
        exitCode.different,
        `Not every cluster has its policies: ${summarize(fleet)}`,
      );

    await Promise.race([Promise.all(clusters.map((cluster) => untilEnforced(hub, cluster))), died]);
    await publishConnection(session, joinPath(stateDir, 'connection.json'), local);
    console.log(await tellStory(hub, applied, clusters));
    say('Inviting three people: a platform engineer, an application team, an auditor …');
    const people = await invitePeople(hub, { clusterProject: PROJECT, folder });
    console.log(await tellOfPeople(people, await withIds(hub, clusters)));
    console.log(
      nextSteps(local, clusters[0]?.kubeconfig ?? '', people, {
        env: process.env,
        cwd: process.cwd(),
      }),
    );
    if (once) return;
    console.log('Ctrl-C stops it.');
    await died;
  });
}

function withIds<C extends { readonly name: string }>(
  hub: HubClient,
  clusters: readonly C[],
): Promise<(C & { readonly id: string })[]> {
  return Promise.all(
    clusters.map(async (cluster) => {
      const found = await hub.ask(findCluster, { name: cluster.name, project: PROJECT });
      return { ...cluster, id: found.cluster.id };
    }),
  );
}

function demoDocuments(): SourceDocument[] {
  const blueprints = ['zero-trust-baseline', 'tenant-isolation'].map((name) =>
    repositoryFile(`deploy/blueprints/${name}/blueprint.yaml`),
  );
  return [
    ...blueprints.flatMap((file) =>
      splitDocuments(fileURLToPath(file), readFileSync(file, 'utf8')),
    ),
    ...splitDocuments('demo', assignments),
  ];
}

function say(text: string): void {
  console.error(text);
}
