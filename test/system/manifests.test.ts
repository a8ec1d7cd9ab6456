import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { AGENT_CLUSTER_RULES, AGENT_NAMESPACE_RULES, agentObjects } from '@picket/agent-protocol';
import { NetworkPolicySpec } from '@picket/policy';

import { Environment, loadConfig } from '../../apps/control-plane/src/config/config.ts';
import { readDockerfile } from '../support/images/index.ts';
import {
  fieldProblems,
  type KubeBody,
  kustomize,
  kustomizeReadme,
  startRealCluster,
  type TestCluster,
} from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';
import { root } from './run-picket.ts';

jest.setTimeout(120_000);

const bases = ['hub', 'agent'] as const;

describeWith(kubeApiserver, 'the manifests', () => {
  const built: Record<string, KubeBody[]> = {};
  const overlaid: Record<string, KubeBody[]> = {};
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startRealCluster();
    for (const base of bases) {
      const folder = `${root}deploy/${base}`;
      built[base] = await kustomize(folder);
      overlaid[base] = await kustomizeReadme(folder, await readFile(`${folder}/README.md`, 'utf8'));
    }
  }, 240_000);
  afterAll(() => cluster?.stop());

  function objects(base: string, kind: string): KubeBody[] {
    return (built[base] ?? []).filter((object) => object['kind'] === kind);
  }

  function pods(base: string): KubeBody[] {
    return [...objects(base, 'Deployment'), ...objects(base, 'Job')].map(
      ({ spec }) => spec.template.spec,
    );
  }

  /** Where an object is applied; undefined when this API server does not serve its kind. */
  async function pathOf({ apiVersion, kind, metadata }: KubeBody): Promise<string | undefined> {
    const at = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { body } = await cluster.client.get(at);
    const resource = (body['resources'] ?? []).find(
      (each: KubeBody) => each['kind'] === kind && !each['name'].includes('/'),
    );
    if (!resource) return undefined;
    const namespace = resource.namespaced ? `/namespaces/${metadata.namespace}` : '';
    return `${at}${namespace}/${resource.name}/${metadata.name}`;
  }

  it.each(bases)(
    'of the %s go through a server-side dry run, but for kinds that came after this server',
    async (base) => {
      const unserved: string[] = [];
      for (const object of [...(built[base] ?? []), ...(overlaid[base] ?? [])]) {
        const at = await pathOf(object);
        if (at === undefined) {
          unserved.push(`${object['apiVersion']} ${object['kind']}`);
          continue;
        }
        // A namespace must be there before what is in it can be judged.
        const query = object['kind'] === 'Namespace' ? '' : '&dryRun=All';
        const { status, body } = await cluster.client.apply(at, object, 'test', query);
        expect([at, body['message']]).toEqual([at, undefined]);
        expect([200, 201]).toContain(status);
      }
      expect(new Set(unserved)).toEqual(
        new Set(base === 'hub' ? ['policy/v1 PodDisruptionBudget'] : []),
      );
    },
  );

  it.each(bases)('of the %s have only fields that a current API server knows', (base) => {
    const problems = [...(built[base] ?? []), ...(overlaid[base] ?? [])].flatMap(fieldProblems);

    expect(built[base]?.length).toBeGreaterThan(5);
    expect(problems).toEqual([]);
  });

  it('show overlays that say what is yours', () => {
    const [config] = overlaid['hub']?.filter(({ kind }) => kind === 'ConfigMap') ?? [];
    const [agent] = overlaid['agent']?.filter(({ kind }) => kind === 'Deployment') ?? [];

    expect(config?.['data']).toMatchObject({
      PORT: '8080',
      PUBLIC_URL: 'https://picket.acme.example',
    });
    expect(agent?.['spec'].template.spec.containers[0].args.slice(0, 2)).toEqual([
      '--hub',
      'https://picket.acme.example',
    ]);
  });

  it('of the hub keep to the Pod Security Standard "restricted"', () => {
    const [namespace] = objects('hub', 'Namespace');

    expect(namespace?.['metadata'].labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
    expect(pods('hub')).toHaveLength(3);
    for (const { hostNetwork, securityContext, containers, volumes = [] } of pods('hub')) {
      expect(hostNetwork).toBeUndefined();
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 65_532,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const container of containers)
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      expect(volumes.filter((volume: KubeBody) => !volume['secret'])).toEqual([]);
    }
  });

  it('of the agent admit the host network, which it runs on', () => {
    const [namespace] = objects('agent', 'Namespace');

    expect(pods('agent')).toEqual([expect.objectContaining({ hostNetwork: true })]);
    expect(namespace?.['metadata'].labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'privileged',
    });
  });

  it('of the hub give each process an environment that it takes', () => {
    const [settings] = objects('hub', 'ConfigMap');
    for (const { containers } of pods('hub')) {
      const [{ env, envFrom }] = containers;
      const names = env.map(({ name }: KubeBody) => name);
      const values = env.map(({ name, value }: KubeBody) => [name, value ?? EXAMPLES[name]]);

      const config = loadConfig({ ...settings?.['data'], ...Object.fromEntries(values) });

      expect(envFrom).toEqual([{ configMapRef: { name: settings?.['metadata'].name } }]);
      expect(Object.keys(Environment.shape)).toEqual(expect.arrayContaining(names));
      expect(config).toMatchObject({ HOST: '0.0.0.0', PORT: 8_080 });
      expect(names.includes('MIGRATION_DATABASE_URL')).toBe(
        containers[0].args[0] === 'main.migrate.mjs',
      );
    }
    expect(Object.keys(Environment.shape)).toEqual(
      expect.arrayContaining(Object.keys(settings?.['data'])),
    );
  });

  it('of the hub run the files of its image, and give its keys to the API alone', async () => {
    const { copies } = await readDockerfile(`${root}deploy/images/hub.Dockerfile`);
    const files = copies.map(([, to]) => to);
    const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));

    const seen = pods('hub').map(({ containers: [{ args, image }], volumes = [] }) => {
      expect(files).toContain(args[0]);
      expect(image).toBe(`ghcr.io/picket-dev/picket-hub:${version}`);
      return [args[0], volumes.map(({ secret }: KubeBody) => secret.secretName)];
    });

    expect(Object.fromEntries(seen)).toEqual({
      'main.api.mjs': ['picket-hub-keys', 'picket-hub-admin'],
      'main.worker.mjs': ['picket-hub-audit'],
      'main.migrate.mjs': [],
    });
  });

  it('of the hub select their own pods: Service, budgets and Deployments by the same labels', () => {
    const labels = objects('hub', 'Deployment').map(({ metadata, spec }) => {
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
      expect(spec.replicas).toBeGreaterThanOrEqual(2);
      return [metadata.name, spec.selector.matchLabels];
    });
    const selectorOf: Record<string, unknown> = Object.fromEntries(labels);

    const budgets = objects('hub', 'PodDisruptionBudget');
    const [service] = objects('hub', 'Service');

    expect(budgets).toHaveLength(2);
    for (const { metadata, spec } of budgets)
      expect(spec.selector.matchLabels).toEqual(selectorOf[metadata.name]);
    expect(service?.['spec'].selector).toEqual(selectorOf['picket-hub-api']);
  });

  it('of the hub close everything that they do not open, in policies that Picket itself finds valid', () => {
    const policies = objects('hub', 'NetworkPolicy');

    const judged = policies.map(({ spec }) => NetworkPolicySpec.safeParse(spec).error?.issues);

    expect(judged).toEqual(policies.map(() => undefined));
    expect(policies.map(({ spec }) => spec)).toContainEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  it('of the agent are what registerCluster gives, without the token', () => {
    const args = pods('agent')[0]?.['containers'][0];
    const given = agentObjects({ hubUrl: args.args[1], image: args.image, joinToken: 'x' });

    const expected = given.filter((object) => (object as KubeBody)['kind'] !== 'Secret');

    expect(built['agent']).toHaveLength(expected.length);
    expect(built['agent']).toEqual(expect.arrayContaining(expected));
  });
});

const EXAMPLES: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://picket@postgres/picket',
  MIGRATION_DATABASE_URL: 'postgres://owner@postgres/picket',
  REDIS_URL: 'rediss://redis:6379',
};

it('the README of the agent names each verb and kind that it may use, and no others', async () => {
  const readme = await readFile(`${root}deploy/agent/README.md`, 'utf8');
  const rows = readme
    .split('\n')
    .filter((line) => /^\| (cluster|picket-system) /.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));

  const told = rows.map(([, where, what = '', verbs]) => [where, wordsOf(what), verbs]);

  const rules = [
    ...AGENT_CLUSTER_RULES.map((rule) => ['cluster', rule] as const),
    ...AGENT_NAMESPACE_RULES.map((rule) => ['picket-system', rule] as const),
  ];
  expect(flatten(told)).toEqual(
    flatten(rules.map(([where, rule]) => [where, namesOf(rule), rule.verbs.join(' ')])),
  );
});

/** One line per kind (or name, or path) with its verbs, in order and once. */
function flatten(rows: readonly (readonly unknown[])[]): string[] {
  const lines = rows.flatMap(([where, names, verbs]) =>
    (names as string[]).map((name) => `${String(where)}: ${name}: ${String(verbs)}`),
  );
  return [...new Set(lines)].toSorted();
}

/** "`a`, b (note)" → a, b; "secrets x, y" → secrets x, secrets y. */
function wordsOf(cell: string): string[] {
  const [first = '', ...more] = cell.replaceAll(/`| \(.*\)/g, '').split(', ');
  const [kind, name] = first.split(' ');
  return [first, ...more.map((each) => (name === undefined ? each : `${kind} ${each}`))];
}

function namesOf(rule: KubeBody): string[] {
  if (rule['nonResourceURLs']) return rule['nonResourceURLs'];
  const names = rule['resourceNames'];
  return rule['resources'].flatMap((kind: string) =>
    names ? names.map((name: string) => `${kind} ${name}`) : [kind],
  );
}
