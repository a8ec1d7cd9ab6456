import { join } from 'node:path';

import { type LocalHubOptions, publishConnection, startLocalHub } from './local-hub.ts';
import { inSession } from './session.ts';
import { stateFolder } from './state-folder.ts';
import { lockState } from './state-lock.ts';

/** Runs a hub here until Ctrl-C. Throws a `Failure` when the hub or its database ends by itself. */
export function runUp({ stateDir, port }: LocalHubOptions): Promise<void> {
  const folder = stateFolder(stateDir);
  return inSession(async (session) => {
    await session.hold(
      () => lockState(folder),
      (lock) => lock.release(),
    );
    console.error('Starting PostgreSQL and the hub …');
    const hub = await startLocalHub(session, { stateDir, port });
    await publishConnection(session, join(stateDir, 'connection.json'), hub);

    console.log(`
Picket is up.
  Hub              ${hub.url}
  Schema explorer  ${hub.url}/graphiql
  Admin token      ${hub.firstToken ?? `in ${hub.tokenFile}`}
  State            ${stateDir}
${hub.firstToken === undefined ? '' : `\nThe token is shown this once; it is kept in ${hub.tokenFile} (yours alone).\n`}
Next, in another terminal, in this folder:
  npx picket apply -f deploy/blueprints/zero-trust-baseline/blueprint.yaml
  npx picket get blueprints
To connect a cluster, see "Connect a real cluster" in README.md.

Ctrl-C stops it.`);
    await hub.died;
  });
}
