import { relative } from 'node:path';

import { findConnection } from '../hub/connection.ts';
import type { Person } from './people.ts';
import type { LocalHub } from '../up/local-hub.ts';

interface Place {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** What to try while the demo runs. Every line of four blanks is a command that works as it stands. */
export function nextSteps(
  hub: LocalHub,
  kubeconfig: string,
  people: readonly Person[],
  place: Place,
): string {
  const picket = (command: string): string =>
    ['npx picket', command, ...hubFlags(hub, place)].join(' ');
  const by = (name: Person['name'], command: string): string => {
    const tokenFile = people.find((person) => person.name === name)?.tokenFile ?? '';
    return `npx picket ${command} --url ${hub.url} --token-file ${quoted(nearest(tokenFile, place))}`;
  };
  const kubectl = `kubectl --kubeconfig ${quoted(nearest(kubeconfig, place))}`;
  return `
Try next, in another terminal, in this folder:
  Does every cluster have what it should have?
    ${picket('get status')}
  What must one cluster have, and where does each object come from?
    ${picket('policy-set prod-eu-1')}
  The same hub, as the application team and the auditor see it:
    ${by('shop', 'permissions')}
    ${by('shop', 'policy list --project shop')}
    ${by('auditor', 'audit list --limit 20')}
  Look into the cluster, delete what the agent holds, and look again:
    ${kubectl} get networkpolicies -A
    ${kubectl} delete networkpolicies --all -n shop
  Make a namespace of a tenant, and see it stamped:
    ${kubectl} create namespace cart
    ${kubectl} label namespace cart tenant=cart
    ${kubectl} get networkpolicies -n cart

Hub              ${hub.url}
Schema explorer  ${hub.url}/graphiql
Admin token      ${hub.firstToken ?? `in ${hub.tokenFile}`}
`;
}

/** None where `picket` finds this hub by itself; somebody's login or variables may lead it to another one. */
function hubFlags({ url, tokenFile }: LocalHub, place: Place): string[] {
  if (urlFound(place) === url) return [];
  return ['--url', url, '--token-file', quoted(nearest(tokenFile, place))];
}

function urlFound({ env, cwd }: Place): string | undefined {
  try {
    return findConnection({}, { env, cwd }).url;
  } catch {
    return undefined;
  }
}

function nearest(file: string, { cwd }: Place): string {
  const path = relative(cwd, file);
  return path.startsWith('..') ? file : path;
}

function quoted(path: string): string {
  return /^[\w./@%+:,-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
