import { setTimeout as sleep } from 'node:timers/promises';

import { Failure } from '../exit-code.ts';
import { HubClient, type Operation, operation } from '../hub/hub-client.ts';
import { deletePolicy, findPolicy, savePolicy } from '../hub/policy-operations.ts';
import { renderTable } from '../output/render.ts';
import { type Person, TEAM } from './people.ts';
import type { RunningCluster } from './story.ts';

const IN_SHOP =
  '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dpicket';
const ARRIVES_MS_MAX = 30_000;
/** The web shop may call its cart; everything else stays as the platform team has it. */
const WEB_TO_CART = {
  podSelector: { matchLabels: { app: 'cart' } },
  policyTypes: ['Ingress'],
  ingress: [
    {
      from: [{ podSelector: { matchLabels: { app: 'web' } } }],
      ports: [{ protocol: 'TCP', port: 8080 }],
    },
  ],
};
const OPEN_TO_ALL = {
  podSelector: {},
  policyTypes: ['Egress'],
  egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }],
};

const look = operation<{ clusters: { totalCount: number } }>(
  'query Look { clusters { totalCount } }',
);
const lookInside = operation<
  { cluster: { policySet: { digest: string } | null } },
  { name: string }
>('query LookInside($name: String!) { cluster(name: $name) { policySet { digest } } }');
const relabel = operation<unknown, { id: string; labels: object }>(
  'mutation Relabel($id: ID!, $labels: JSON!) { labelCluster(input: { clusterId: $id, labels: $labels, reason: "the demo looks who may" }) { id } }',
);
const readEvents = operation<{
  auditEvents: {
    edges: {
      node: {
        operation: string;
        outcome: string;
        code: string | null;
        thingName: string | null;
        actor: { name: string };
      };
    }[];
  };
}>(
  `query ReadEvents { auditEvents(first: 200, filter: { text: "shop" }) { edges { node { operation outcome code thingName actor { name } } } } }`,
);

/** What each of three people can do and see, as the hub answers them; nothing of it is made up. */
export async function tellOfPeople(
  people: readonly Person[],
  clusters: readonly (RunningCluster & { readonly id: string })[],
): Promise<string> {
  const [cluster] = clusters;
  const shop = people.find(({ name }) => name === 'shop');
  const auditor = people.find(({ name }) => name === 'auditor');
  if (!cluster || !shop || !auditor) throw new RangeError('The demo has clusters and people');
  const saved = await saveAndWait(shop.hub, cluster);
  const { saveNamespacePolicy: refused } = await shop.hub.ask(savePolicy, {
    input: { project: TEAM, claim: 'shop', name: 'to-anywhere', spec: OPEN_TO_ALL },
  });
  const rows = await Promise.all(people.map((person) => tried(person, cluster)));
  const events = await auditor.hub.ask(readEvents, {});
  const told = events.auditEvents.edges
    .map(({ node }) => node)
    .filter(({ actor }) => actor.name === 'shop')
    .map(({ actor, operation: what, outcome, code, thingName }) =>
      [actor.name, what, thingName, outcome.toLowerCase(), code && `(${code})`]
        .filter(Boolean)
        .join(' '),
    );
  const table = renderTable(rows, [
    ['WHO', ({ person }) => person.name],
    ['ROLE', ({ person }) => person.what],
    ['SEES CLUSTERS', ({ clusters: count }) => count],
    ['POLICY SET', ({ policySet }) => policySet],
    ['RELABELS A CLUSTER', ({ label }) => label],
    ['AUDIT LOG', ({ audit }) => audit],
  ]);
  return `
Three people, and what the hub lets each of them
${table.replaceAll(/^/gm, '  ')}

What the application team did
  It let web call cart: ${cluster.name} had the policy after ${saved.ms} ms, with no wave and no ticket.
  It asked for egress to 0.0.0.0/0: ${refused.outcome.toLowerCase()}, ${refused.problems[0]?.message ?? 'without a word'}.

What the auditor reads of that
${[...new Set(told)]
  .slice(0, 4)
  .map((line) => `  ${line}`)
  .join('\n')}`;
}

async function tried(
  person: Person,
  { id, name, labels }: RunningCluster & { readonly id: string },
): Promise<Record<'clusters' | 'policySet' | 'label' | 'audit', string> & { person: Person }> {
  const { hub } = person;
  return {
    person,
    clusters: await answerOf(hub, look, {}, ({ clusters }) => String(clusters.totalCount)),
    policySet: await answerOf(
      hub,
      lookInside,
      { name },
      ({ cluster }) => cluster.policySet?.digest.slice(0, 12) ?? '-',
    ),
    label: await answerOf(hub, relabel, { id, labels }, () => 'yes'),
    audit: await answerOf(
      hub,
      readEvents,
      {},
      ({ auditEvents }) => `${auditEvents.edges.length} events`,
    ),
  };
}

/** What the hub says to that: a refusal is an answer too. */
async function answerOf<Result, Variables>(
  hub: HubClient,
  asked: Operation<Result, Variables>,
  variables: Variables,
  read: (result: Result) => string,
): Promise<string> {
  try {
    return read(await hub.ask(asked, variables));
  } catch (error) {
    const code = error instanceof Failure ? /\(([A-Z_]+)\)/.exec(error.message)?.[1] : undefined;
    if (code === undefined) throw error;
    return code;
  }
}

/** Saves the policy as the team does; one from the last time goes first, so that what is measured is real. */
async function saveAndWait(hub: HubClient, { api }: RunningCluster): Promise<{ ms: number }> {
  const key = { project: TEAM, claim: 'shop', name: 'web-to-cart' };
  const before = await hub.ask(findPolicy, key).catch(() => undefined);
  const count = async (): Promise<number> => (await api.list(IN_SHOP)).length;
  if (before?.namespacePolicy.state === 'ACTIVE') {
    const held = await count();
    await hub.ask(deletePolicy, { input: { namespacePolicyId: before.namespacePolicy.id } });
    await until(async () => (await count()) < held);
  }
  const held = await count();
  const startMs = performance.now();
  await hub.ask(savePolicy, { input: { ...key, spec: WEB_TO_CART, reason: 'web calls cart' } });
  await until(async () => (await count()) > held);
  return { ms: Math.round(performance.now() - startMs) };
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + ARRIVES_MS_MAX;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error('The policy did not reach the cluster');
    await sleep(5);
  }
}
