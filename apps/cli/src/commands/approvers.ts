import { type Command, InvalidArgumentError } from 'commander';

import { readApprovers } from '../approvals/read-approvers.ts';
import { type Approvers, setApprovers } from '../hub/operations.ts';
import { fingerprintOf, readApproverKey } from '../keys/approver-key.ts';
import { type Column, renderTable } from '../output/render.ts';
import { type HubFlags, connect, hubCommand } from './hub-command.ts';

interface ApproversFlags extends HubFlags {
  readonly needed?: number;
  readonly none?: true;
}

/** `picket approvers`: whose approval the clusters of a project want. */
export function approversCommand(): Command {
  return hubCommand('approvers')
    .summary('show or say whose approval the clusters of a project want')
    .description(
      'Without files: shows whose approval the clusters of the project want. With public keys: says it. It goes into the manifests of clusters ' +
        'that join from now on; those that are there take it from their manifest alone, never from the hub.',
    )
    .argument('[files...]', 'public Ed25519 keys of all approvers, of OpenSSH or PEM')
    .option('--needed <count>', 'how many of them must agree (default: 1)', parseCount)
    .option('--none', 'no approval is wanted')
    .action(
      async (files: readonly string[], { needed = 1, none, project, ...flags }: ApproversFlags) => {
        const hub = connect(flags);
        const isSaid = files.length > 0 || none === true;
        const keys = files.map(readApproverKey);
        const approvers = isSaid
          ? (await hub.ask(setApprovers, { input: { project, keys, needed } })).setApprovers
              .approvers
          : await readApprovers(hub, project);
        if (approvers.keys.length === 0)
          return console.log(`The clusters of ${project} want nobody's approval.`);
        console.log(renderTable(approvers.keys, columns));
        console.error(
          `${approvers.needed} of ${approvers.keys.length} must agree. Compare with --approver-key in each manifest.`,
        );
      },
    );
}

const columns: readonly Column<Approvers['keys'][number]>[] = [
  ['APPROVER', ({ name }) => name],
  ['FINGERPRINT', ({ publicKey }) => fingerprintOf(publicKey)],
  ['IN THE MANIFEST', ({ name, publicKey }) => `${name}=${publicKey}`],
];

function parseCount(text: string): number {
  if (!/^[1-8]$/.test(text)) throw new InvalidArgumentError('Give a number from 1 to 8.');
  return Number(text);
}
