import { Command, Option } from 'commander';

import type { HubClient } from '../hub/hub-client.ts';
import {
  type ClusterState,
  type Registration,
  approveCluster,
  findCluster,
  registerCluster,
  reissueJoinToken,
  revokeCluster,
} from '../hub/operations.ts';
import { type HubFlags, collectLabel, connect, hubCommand, reasonOption } from './hub-command.ts';

interface RegisterFlags extends HubFlags {
  readonly label?: Readonly<Record<string, string>>;
  readonly reissue?: true;
  readonly output: 'manifest' | 'token' | 'json';
}

/** `picket cluster …`: the life of a member of the fleet. */
export function clusterCommand(): Command {
  return new Command('cluster')
    .description('register, approve or revoke a cluster')
    .addCommand(registerCommand())
    .addCommand(
      stateCommand('approve', 'let an enrolled agent in, where the project asks for that', approve),
    )
    .addCommand(
      stateCommand('revoke', 'cut the cluster off at once; what its agent applied stays', revoke),
    );
}

function registerCommand(): Command {
  return hubCommand('register')
    .addOption(reasonOption())
    .summary('add a cluster to the fleet and print the manifest of its agent')
    .description(
      'Adds a cluster to the fleet and prints one manifest with a one-time join token:\n' +
        '  picket cluster register prod-eu-1 --label tier=prod | kubectl apply -f -',
    )
    .argument('<name>', 'name of the cluster, unique in the project')
    .option(
      '-l, --label <key=value>',
      'label that assignments select by; may be repeated',
      collectLabel,
    )
    .option('--reissue', 'a new join token for a cluster that is registered already')
    .addOption(
      new Option('-o, --output <what>', 'what to print')
        .choices(['manifest', 'token', 'json'])
        .default('manifest'),
    )
    .action(async (name: string, flags: RegisterFlags) => {
      const hub = connect(flags);
      const { cluster, joinToken, expiresAt, manifest } = flags.reissue
        ? await reissue(hub, name, flags.project)
        : (
            await hub.ask(registerCluster, {
              input: { project: flags.project, name, labels: flags.label ?? {} },
            })
          ).registerCluster;
      console.error(
        `Cluster ${cluster.name} is registered. Its join token works once, until ${expiresAt}.`,
      );
      const answers = {
        manifest,
        token: joinToken,
        json: JSON.stringify(
          { id: cluster.id, name: cluster.name, joinToken, expiresAt, manifest },
          null,
          2,
        ),
      };
      console.log(answers[flags.output]);
    });
}

function stateCommand(
  name: string,
  summary: string,
  change: (hub: HubClient, clusterId: string) => Promise<ClusterState>,
): Command {
  return hubCommand(name)
    .addOption(reasonOption())
    .description(summary)
    .argument('<name>', 'name of the cluster')
    .action(async (clusterName: string, flags: HubFlags) => {
      const hub = connect(flags);
      const { state, name: answered } = await change(
        hub,
        await idOf(hub, clusterName, flags.project),
      );
      console.log(`Cluster ${answered} is ${state.toLowerCase()}`);
    });
}

async function reissue(hub: HubClient, name: string, project: string): Promise<Registration> {
  const input = { clusterId: await idOf(hub, name, project) };
  return (await hub.ask(reissueJoinToken, { input })).reissueJoinToken;
}

async function approve(hub: HubClient, clusterId: string): Promise<ClusterState> {
  return (await hub.ask(approveCluster, { input: { clusterId } })).approveCluster;
}

async function revoke(hub: HubClient, clusterId: string): Promise<ClusterState> {
  return (await hub.ask(revokeCluster, { input: { clusterId } })).revokeCluster;
}

async function idOf(hub: HubClient, name: string, project: string): Promise<string> {
  return (await hub.ask(findCluster, { name, project })).cluster.id;
}
