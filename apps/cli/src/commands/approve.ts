import { approvalBytes, type SignedApproval } from '@picket/agent-protocol';
import { type Command, InvalidArgumentError } from 'commander';

import { describeSet } from '../approvals/describe-set.ts';
import { readApprovers } from '../approvals/read-approvers.ts';
import { listPending, readWaiting, type Waiting } from '../approvals/waiting.ts';
import { Failure, exitCode } from '../exit-code.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { approvePolicySets, type PendingApproval } from '../hub/operations.ts';
import { agentSigner, fileSigner, type Signer } from '../keys/signer.ts';
import { confirm } from '../output/prompt.ts';
import { type Column, type OutputFormat, oneLine, render } from '../output/render.ts';
import { type HubFlags, connect, hubCommand, outputOption } from './hub-command.ts';

interface ApproveFlags extends HubFlags {
  readonly key?: string;
  readonly sshAgent?: true;
  readonly all?: true;
  readonly days?: number;
  readonly yes?: true;
  readonly output: OutputFormat;
}

/** Approvals of one request. */
const AT_ONCE = 200;
const DAY_S = 86_400;

/** `picket approve`: what waits for a second signer, and signing it. */
export function approveCommand(): Command {
  return hubCommand('approve')
    .summary('list what waits for approval, or look at it and sign it')
    .description(
      'Without clusters: lists those that wait for an approver. With clusters, or --all: shows what they would run, asks, signs it with ' +
        'your key and hands in the signatures. The digest that is signed is computed here from what is shown. What runs already is compared ' +
        'with only where you approved it with the same key; else the whole set is shown.',
    )
    .argument('[clusters...]', 'which of those that wait')
    .option('--all', 'all that wait')
    .option('--key <file>', 'your private Ed25519 key, of OpenSSH or PEM')
    .option('--ssh-agent', 'your key is in the SSH agent (SSH_AUTH_SOCK)')
    .option(
      '--days <days>',
      'the approval counts for so many days (default: until it is followed)',
      parseDays,
    )
    .option('-y, --yes', 'sign without being asked')
    .addOption(outputOption())
    .action(async (names: readonly string[], flags: ApproveFlags) => {
      const hub = connect(flags);
      const pending = await listPending(hub, flags.project);
      if (names.length === 0 && !flags.all)
        return console.log(render(flags.output, pending, columns));
      const chosen = flags.all ? pending : pick(pending, names);
      if (chosen.length === 0) return console.log('Nothing waits for approval.');
      const signer = await signerOf(hub, flags);
      for (const waiting of await readWaiting(hub, chosen, signer.publicKey)) {
        show(waiting);
        if (await agreed(waiting, flags)) await approve(hub, waiting, { signer, days: flags.days });
        else process.exitCode = exitCode.different;
      }
    });
}

const columns: readonly Column<PendingApproval>[] = [
  ['CLUSTER', ({ cluster }) => cluster.name],
  ['WAITS FOR', ({ digest }) => digest.slice(0, 12)],
  ['RUNS', ({ runningDigest }) => runningDigest?.slice(0, 12) ?? '-'],
  ['APPROVALS', ({ given, needed }) => `${given} of ${needed}`],
];

function pick(pending: readonly PendingApproval[], names: readonly string[]): PendingApproval[] {
  return [...new Set(names)].map((name) => {
    const found = pending.find(({ cluster }) => cluster.name === name);
    if (!found) throw new Failure(exitCode.badInput, `${name} does not wait for approval`);
    return found;
  });
}

async function signerOf(hub: HubClient, { key, sshAgent, project }: ApproveFlags): Promise<Signer> {
  if ((key === undefined) === (sshAgent === undefined))
    throw new Failure(exitCode.badInput, 'Give your key: --key FILE, or --ssh-agent');
  if (key !== undefined) return fileSigner(key);
  const { keys } = await readApprovers(hub, project);
  return agentSigner(keys.map(({ publicKey }) => publicKey));
}

function show({ clusters, text, digest, before }: Waiting): void {
  const names = clusters.map(({ cluster }) => oneLine(cluster.name));
  process.stdout.write(describeSet(before, text));
  console.error(`Policy set ${digest} for ${names.join(', ')}`);
  if (before === undefined && clusters.some(({ runningDigest }) => runningDigest !== null))
    console.error('You have not approved what runs there, so this is the whole set.');
}

async function agreed({ clusters }: Waiting, { yes }: ApproveFlags): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY)
    throw new Failure(exitCode.badInput, 'Nobody can be asked here: look, then say --yes');
  return confirm(`Sign this for ${clusters.length} cluster${clusters.length === 1 ? '' : 's'}?`);
}

async function approve(
  hub: HubClient,
  { clusters, digest }: Waiting,
  { signer, days }: { signer: Signer; days: number | undefined },
): Promise<void> {
  const nowMs = Date.now();
  const notAfter = days === undefined ? null : Math.floor(nowMs / 1_000) + days * DAY_S;
  const approvals: SignedApproval[] = [];
  for (const { cluster } of clusters) {
    const approval = { clusterId: cluster.id, digest, signedAtMs: nowMs, notAfter };
    const signature = await signer.sign(approvalBytes(approval));
    approvals.push({ ...approval, publicKey: signer.publicKey, signature });
  }
  for (let start = 0; start < approvals.length; start += AT_ONCE)
    await hub.ask(approvePolicySets, {
      input: { approvals: approvals.slice(start, start + AT_ONCE) },
    });
  console.error(`Approved for ${clusters.length}.`);
}

function parseDays(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('Give whole days, 1 to 9999.');
  return Number(text);
}
