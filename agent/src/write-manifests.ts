import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { agentObjects } from '@picket/agent-protocol';
import { stringify } from 'yaml';

import { AGENT_VERSION } from './version.ts';

const HEADER = '# Generated from the code by `npm run manifests -w @picket/agent`. Do not edit.\n';

/** Which kinds stand in which file. The Secret with the join token is in none: it belongs to one cluster and is not for a repository. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  'namespace.yaml': ['Namespace'],
  'rbac.yaml': ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  'deployment.yaml': ['Deployment'],
};

const objects = agentObjects({
  hubUrl: 'https://picket.example.com',
  image: `ghcr.io/picket-dev/picket-agent:${AGENT_VERSION}`,
  joinToken: '',
}) as { kind: string }[];
const folder = path.join(import.meta.dirname, '../../deploy/agent');

for (const [name, kinds] of Object.entries(FILES)) {
  const documents = objects
    .filter(({ kind }) => kinds.includes(kind))
    .map((object) =>
      stringify(object, { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true }),
    );
  const text = HEADER + documents.join('---\n');
  const file = path.join(folder, name);
  if (!process.argv.includes('--check')) await writeFile(file, text);
  else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    process.stderr.write(`${file} is out of date: npm run manifests -w @picket/agent\n`);
    process.exitCode = 1;
  }
}
