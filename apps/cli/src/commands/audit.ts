import { once } from 'node:events';

import type { Fault, Verified } from '@picket/audit';
import { Command, InvalidArgumentError, Option } from 'commander';

import { linesOf } from '../audit/lines.ts';
import { fileLines, verifyLog } from '../audit/verify-log.ts';
import { Failure, exitCode } from '../exit-code.ts';
import {
  type AuditEvent,
  type AuditEventFilter,
  listAuditEvents,
} from '../hub/audit-operations.ts';
import type { ConnectionFlags } from '../hub/connection.ts';
import type { Page } from '../hub/list-all.ts';
import { type Column, type OutputFormat, oneLine, render, renderTable } from '../output/render.ts';
import { connect, organizationCommand, outputOption } from './hub-command.ts';

const PAGE_MAX = 200;

/** `picket audit …`: who did what. */
export function auditCommand(): Command {
  return new Command('audit')
    .description('read, export or verify the audit log')
    .addCommand(listCommand())
    .addCommand(exportCommand())
    .addCommand(verifyCommand());
}

type ListFlags = ConnectionFlags &
  Omit<AuditEventFilter, 'thingId'> & {
    readonly id?: string;
    readonly limit: number;
    readonly output: OutputFormat;
  };

const columns: readonly Column<AuditEvent>[] = [
  ['AT', ({ at }) => at],
  ['WHO', ({ actor }) => `${actor.kind.toLowerCase()}:${actor.name}`],
  ['OPERATION', ({ operation, count }) => (count > 1 ? `${operation} ×${count}` : operation)],
  ['OUTCOME', ({ outcome, code }) => (code === null ? outcome : `${outcome} ${code}`)],
  ['THING', thingOf],
  ['PROJECT', ({ project }) => project ?? '-'],
  ['REASON', ({ reason }) => reason ?? '-'],
];

function thingOf({ thing, thingName, thingId }: AuditEvent): string {
  return thing === null ? '-' : `${thing} ${thingName ?? thingId ?? ''}`.trim();
}

function listCommand(): Command {
  return organizationCommand('list')
    .summary('list events, newest first')
    .description(
      'Lists events, newest first:\n' +
        '  picket audit list --thing Cluster --outcome REFUSED --from 2026-01-01\n' +
        '  picket audit list --text shop-1 -o json',
    )
    .option('--actor <who>', 'id or name of whoever acted')
    .option('--operation <name>', 'a mutation, or signIn, useToken, enrolAgent, bootstrap')
    .option('--thing <kind>', 'kind of the thing, such as Cluster')
    .option('--id <id>', 'id of the thing')
    .option('--project <name>', 'events of this project only')
    .addOption(
      new Option('--outcome <outcome>', 'how it ended').choices([
        'DONE',
        'UNCHANGED',
        'REFUSED',
        'FAILED',
      ]),
    )
    .option('--from <time>', 'not before, such as 2026-01-31 or 2026-01-31T12:00Z', timeIn)
    .option('--to <time>', 'before', timeIn)
    .option('--text <text>', 'a part of anything in the event')
    .option('--limit <count>', 'at most so many', countIn, 50)
    .addOption(outputOption())
    .action(async ({ id, limit, output, url, tokenFile, ...filter }: ListFlags) => {
      const hub = connect({ url, tokenFile });
      const events: AuditEvent[] = [];
      for (let after: string | null = null; events.length < limit;) {
        const { auditEvents }: { auditEvents: Page<AuditEvent> } = await hub.ask(listAuditEvents, {
          first: Math.min(PAGE_MAX, limit - events.length),
          after,
          filter: { ...filter, thingId: id },
        });
        events.push(...auditEvents.edges.map(({ node }) => node));
        after = auditEvents.pageInfo.endCursor;
        if (!auditEvents.pageInfo.hasNextPage) break;
      }
      console.log(render(output, events, columns));
    });
}

function exportCommand(): Command {
  return organizationCommand('export')
    .summary('print the sealed log as JSON lines')
    .description(
      'Prints the sealed log of the organization, a line of JSON for each event, oldest first:\n' +
        '  picket audit export > audit.jsonl\n' +
        '  picket audit export --after 1200 >> audit.jsonl',
    )
    .option('--after <sequence>', 'go on after the event of this sequence', sequenceIn, 0)
    .action(async ({ after, ...flags }: ConnectionFlags & { after: number }) => {
      for await (const line of linesOf(await connect(flags).stream(exportPath(after))))
        if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
    });
}

interface VerifyFlags extends ConnectionFlags {
  readonly heads?: string;
  readonly key?: string;
  readonly output: OutputFormat;
}

const faultColumns: readonly Column<Fault>[] = [
  ['SEQUENCE', ({ sequence }) => String(sequence ?? '-')],
  ['FAULT', ({ code }) => code],
  ['WHY', ({ message }) => message],
];

function verifyCommand(): Command {
  return organizationCommand('verify')
    .summary('find out whether somebody touched the log')
    .description(
      'Checks an exported log, or the log of the hub, against itself and against signed heads that were kept elsewhere. ' +
        'Finds each edit, removal, insertion and reordering; with heads also a cut end, and a log that was written anew. ' +
        'Exit code 1: somebody touched it.\n' +
        '  picket audit verify audit.jsonl --heads heads.jsonl --key audit-key.pub',
    )
    .argument('[file]', 'what `picket audit export` printed (default: asks the hub)')
    .option('--heads <file>', 'what AUDIT_HEADS_FILE of the hub named, as it was kept')
    .option('--key <file>', 'the key of AUDIT_KEY_FILE, or its public part, in PEM')
    .addOption(outputOption())
    .action(async (file: string | undefined, { heads, key, output, ...flags }: VerifyFlags) => {
      if (key !== undefined && heads === undefined)
        throw new Failure(exitCode.badInput, '--key is for --heads: give both');
      const lines =
        file === undefined ? linesOf(await connect(flags).stream(exportPath(0))) : fileLines(file);
      const verified = await verifyLog(lines, { heads, key });
      if (output === 'table') tell(verified, { heads, key });
      else console.log(render(output, [verified], []));
      if (verified.faults.length > 0) process.exitCode = exitCode.different;
    });
}

function tell(
  verified: Verified,
  { heads, key }: { heads: string | undefined; key: string | undefined },
): void {
  const { events, first, last, faults, faultsDropped } = verified;
  const range = first === null ? '' : `, ${first} to ${last}`;
  if (faults.length === 0)
    console.log(
      `Nobody touched the log: ${events} events${range}, ${verified.heads} signed heads agree.`,
    );
  else {
    console.log(`Somebody touched the log (${events} events${range}):`);
    console.log(renderTable(faults, faultColumns));
    if (faultsDropped > 0) console.log(`… and ${faultsDropped} more`);
  }
  if (heads === undefined)
    console.error('Without --heads, a cut end and a log that was written anew do not show.');
  else if (key === undefined)
    console.error(oneLine('Without --key, the heads were checked with the key that they name.'));
}

function exportPath(after: number): string {
  return `/audit/export?after=${after}`;
}

function timeIn(text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('A time is written 2026-01-31 or 2026-01-31T12:00Z.');
  return new Date(ms).toISOString();
}

function countIn(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 10_000)
    throw new InvalidArgumentError('A number from 1 to 10000 is allowed.');
  return count;
}

function sequenceIn(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('A whole number is allowed.');
  return Number(text);
}
