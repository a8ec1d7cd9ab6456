import { Command } from 'commander';

import { Failure, exitCode } from '../exit-code.ts';
import { listAll } from '../hub/list-all.ts';
import { type ClusterKeys, listClusterKeys, readHubKeys } from '../hub/operations.ts';
import {
  keysOf,
  readOrMakeSigningKey,
  readSigningKey,
  withStatement,
  writeSigningKey,
} from '../keys/signing-key.ts';
import { type Column, oneLine, renderTable } from '../output/render.ts';
import { type HubFlags, connect, hubCommand } from './hub-command.ts';

const KEYS_MAX = 8;
const SHOWN_MAX = 50;

/** `picket hub keys …`: rotating the key that signs grants. deploy/hub/keys.md has the whole way. */
export function hubKeysCommand(): Command {
  return new Command('hub')
    .description('look after a hub')
    .addCommand(
      new Command('keys')
        .description('rotate the key that signs grants: announce, wait, switch, retire')
        .addCommand(announceCommand())
        .addCommand(retireCommand())
        .addCommand(statusCommand()),
    );
}

function announceCommand(): Command {
  return new Command('announce')
    .summary('make the next key, and a statement by which agents come to accept it')
    .description(
      'Adds a statement to the key file, signed with the key in it: from now on the next key counts too. ' +
        'Makes the next key where there is none. Both files hold the statement then; the hub goes on with the old one until agents have followed.',
    )
    .argument('<file>', 'what SIGNING_KEY_FILE names')
    .requiredOption('--next <file>', 'the next key; made when it is missing')
    .option('--at-once', 'the old key counts no more: for one that may be stolen')
    .action((file: string, { next, atOnce }: { next: string; atOnce?: true }) => {
      const old = readSigningKey(file);
      const coming = readOrMakeSigningKey(next);
      const { keyId } = coming.key;
      const before = keysOf(old);
      if (before.some((key) => key.keyId === keyId))
        throw new Failure(exitCode.badInput, `${next}: its key ${keyId} counts already`);
      const keys = atOnce ? [coming.key] : [...before, coming.key];
      if (keys.length > KEYS_MAX)
        throw new Failure(
          exitCode.badInput,
          `At most ${KEYS_MAX} keys count at a time: retire some`,
        );
      const statements = withStatement(old, keys);
      writeSigningKey(next, { ...coming, statements });
      if (!atOnce) writeSigningKey(file, { ...old, statements });
      const counter = statements.at(-1)?.counter;
      console.log(
        atOnce
          ? `Statement ${counter}: key ${keyId} counts, and no other. Give the hub ${next} now, and destroy ${file}.`
          : `Statement ${counter}: key ${keyId} counts too. Give the hub ${file} now, and ${next} when all clusters have followed.`,
      );
    });
}

function retireCommand(): Command {
  return new Command('retire')
    .summary('make a statement by which agents accept no key but the one in the file')
    .description(
      'Adds a statement to the key file, signed with the key in it: from now on that key counts and no other.',
    )
    .argument(
      '<file>',
      'what SIGNING_KEY_FILE names: the new key, with which the hub signs already',
    )
    .action((file: string) => {
      const signing = readSigningKey(file);
      const retired = keysOf(signing).filter(({ keyId }) => keyId !== signing.key.keyId);
      if (retired.length === 0)
        throw new Failure(exitCode.badInput, `${file}: no other key counts`);
      const statements = withStatement(signing, [signing.key]);
      writeSigningKey(file, { ...signing, statements });
      console.log(
        `Statement ${statements.at(-1)?.counter}: ${retired.map(({ keyId }) => keyId).join(', ')} counts no more. Give the hub ${file} now.`,
      );
    });
}

const columns: readonly Column<ClusterKeys>[] = [
  ['CLUSTER', ({ project, name }) => `${project.name}/${name}`],
  ['STATEMENT', ({ keysCounter }) => String(keysCounter ?? '-')],
  ['LAST SEEN', ({ lastSeenAt }) => lastSeenAt ?? 'never'],
  ['AGENT', ({ agentVersion }) => agentVersion ?? '-'],
  ['WHY', whyBehind],
];

function whyBehind({ keysFault, keysCounter, lastSeenAt }: ClusterKeys): string {
  if (lastSeenAt === null) return 'it was never seen';
  if (keysCounter === null) return 'its agent follows no statements: upgrade it';
  return keysFault ?? 'it has not come yet';
}

function statusCommand(): Command {
  return hubCommand('status')
    .summary('tell which clusters have not followed the last statement')
    .description(
      'Tells which keys count, and which clusters have not followed the last statement. Exit code 1: there are some.',
    )
    .action(async (flags: HubFlags) => {
      const hub = connect(flags);
      const { keyId, counter, keys } = (await hub.ask(readHubKeys, {})).hubKeys;
      const clusters = await listAll(
        async (after) => (await hub.ask(listClusterKeys, { after })).clusters,
      );
      const behind = clusters.filter(({ keysCounter }) => (keysCounter ?? -1) < counter);
      console.log(`Key ${oneLine(keyId)} signs; ${keys.length} count since statement ${counter}.`);
      if (behind.length === 0) return console.log(`All ${clusters.length} clusters are as far.`);
      console.log(`${behind.length} of ${clusters.length} clusters are not as far:`);
      console.log(renderTable(behind.slice(0, SHOWN_MAX), columns));
      if (behind.length > SHOWN_MAX) console.log(`… and ${behind.length - SHOWN_MAX} more`);
      process.exitCode = exitCode.different;
    });
}
