import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { createBinding, createToken, listTokens, revokeToken } from '../hub/access-operations.ts';
import { readToken } from '../hub/connection.ts';
import { HubClient, operation } from '../hub/hub-client.ts';
import { listAll } from '../hub/list-all.ts';
import { createClaim, listClaims, setGuardRails } from '../hub/policy-operations.ts';
import { writePrivate } from '../private-file.ts';

/** The project of the application team: it owns no cluster, only namespaces in those of others. */
export const TEAM = 'shop';

/** Somebody of the demo, with a token of their own. */
export interface Person {
  readonly name: 'platform' | 'shop' | 'auditor';
  readonly what: string;
  readonly hub: HubClient;
  readonly tokenFile: string;
}

const ROLES = [
  {
    name: 'platform',
    what: 'PlatformAdmin of the organization',
    binding: { role: 'PlatformAdmin' },
  },
  {
    name: 'shop',
    what: 'NamespaceEditor of claim shop',
    binding: { role: 'NamespaceEditor', project: TEAM, claim: 'shop' },
  },
  { name: 'auditor', what: 'Auditor of the organization', binding: { role: 'Auditor' } },
] as const;

const createProject = operation<{ createProject: { name: string } }, { name: string }>(
  `mutation CreateProject($name: String!) { createProject(input: { name: $name }) { name } }`,
);
const listProjects = operation<{ projects: { edges: { node: { name: string } }[] } }>(
  'query ListProjects { projects(first: 200) { edges { node { name } } } }',
);

/** Makes the team's project, what it owns and may open, and three people; finds them again at the next start. */
export async function invitePeople(
  admin: HubClient,
  { clusterProject, folder }: { clusterProject: string; folder: string },
): Promise<Person[]> {
  const { projects } = await admin.ask(listProjects, {});
  if (!projects.edges.some(({ node }) => node.name === TEAM))
    await admin.ask(createProject, { name: TEAM });
  const claims = await listAll(
    async (after) =>
      (await admin.ask(listClaims, { after, filter: { project: TEAM } })).namespaceClaims,
  );
  if (claims.length === 0)
    await admin.ask(createClaim, {
      input: {
        project: TEAM,
        name: 'shop',
        clusterProject,
        clusterSelector: { matchLabels: { tier: 'prod' } },
        namespaces: ['shop'],
      },
    });
  await admin.ask(setGuardRails, {
    input: { project: TEAM, rails: { egress: { cidrs: ['203.0.113.0/24'] } } },
  });
  return Promise.all(ROLES.map((person) => invite(admin, person, folder)));
}

async function invite(
  admin: HubClient,
  { name, what, binding }: (typeof ROLES)[number],
  folder: string,
): Promise<Person> {
  const tokenFile = join(folder, `${name}-token`);
  if (!existsSync(tokenFile)) {
    // Somebody lost the file: whoever has it now shall have nothing of it.
    const tokens = await listAll(
      async (after) => (await admin.ask(listTokens, { after })).apiTokens,
    );
    for (const { id } of tokens.filter((token) => token.name === name))
      await admin.ask(revokeToken, { input: { tokenId: id } });
    const { createApiToken } = await admin.ask(createToken, { input: { name } });
    await admin.ask(createBinding, {
      input: { subjectKind: 'TOKEN', subject: createApiToken.apiToken.id, ...binding },
    });
    writePrivate(tokenFile, `${createApiToken.secret}\n`);
  }
  const hub = new HubClient({ url: admin.url, token: readToken(tokenFile) });
  return { name, what, hub, tokenFile };
}
