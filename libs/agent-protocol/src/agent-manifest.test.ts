import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';

import {
  AGENT_CLUSTER_RULES,
  AGENT_NAMESPACE_RULES,
  agentManifest,
  agentObjects,
} from './index.ts';

const INPUT = {
  hubUrl: 'https://hub.example.com',
  image: 'picket/agent:1',
  joinToken: 'one-time-secret-token',
};

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

/** `group/resource[names]: verbs` of each right. */
function rights(rules: readonly Rule[]): string[] {
  return rules.flatMap(
    ({ apiGroups = [], resources = [], resourceNames, nonResourceURLs = [], verbs }) => [
      ...apiGroups.flatMap((group) =>
        resources.map(
          (resource) =>
            `${group}/${resource}${resourceNames ? `[${resourceNames.join(' ')}]` : ''}: ${verbs.join(' ')}`,
        ),
      ),
      ...nonResourceURLs.map((url) => `${url}: ${verbs.join(' ')}`),
    ],
  );
}

describe('the rights of the agent', () => {
  it('over the cluster are policies and looking at namespaces', () => {
    const all = 'get list watch create patch delete';

    expect(rights(AGENT_CLUSTER_RULES)).toEqual([
      `networking.k8s.io/networkpolicies: ${all}`,
      `policy.networking.k8s.io/clusternetworkpolicies: ${all}`,
      `cilium.io/ciliumnetworkpolicies: ${all}`,
      `cilium.io/ciliumclusterwidenetworkpolicies: ${all}`,
      `projectcalico.org/networkpolicies: ${all}`,
      `projectcalico.org/globalnetworkpolicies: ${all}`,
      `projectcalico.org/tiers: ${all}`,
      '/namespaces: list watch',
      '/version: get',
      '/apis/*: get',
      '/openapi/*: get',
    ]);
  });

  it('in its own namespace are the chunks of its state and its lease, by name', () => {
    const [, state] = AGENT_NAMESPACE_RULES;
    const names = state.resourceNames;

    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => /^picket-agent-(identity|set)(-[ab]\d+)?$/.test(name))).toBe(true);
    expect(rights(AGENT_NAMESPACE_RULES)).toEqual([
      '/secrets: create',
      `/secrets[${names.join(' ')}]: get patch`,
      'coordination.k8s.io/leases: create',
      'coordination.k8s.io/leases[picket-agent]: get update',
    ]);
  });

  it('never are a wildcard, nor reach beyond policies: no pods, no roles, no impersonation', () => {
    const text = JSON.stringify([AGENT_CLUSTER_RULES, AGENT_NAMESPACE_RULES]);

    expect(text).not.toMatch(/"\*"|pods|roles|impersonate|escalate|bind|deletecollection/);
  });
});

describe('agentManifest', () => {
  it('holds these objects, a namespace before what is in it and rights before who has them', () => {
    const objects = parseAllDocuments(agentManifest(INPUT)).map((document) => document.toJS());

    expect(objects).toEqual(JSON.parse(JSON.stringify(agentObjects(INPUT))));
    expect(
      objects.map(({ kind, metadata }) =>
        [kind, metadata.namespace ?? '-', metadata.name].join(' '),
      ),
    ).toEqual([
      'Namespace - picket-system',
      'ServiceAccount picket-system picket-agent',
      'ClusterRole - picket-agent',
      'ClusterRoleBinding - picket-agent',
      'Role picket-system picket-agent',
      'RoleBinding picket-system picket-agent',
      'Secret picket-system picket-agent-join',
      'Deployment picket-system picket-agent',
    ]);
  });

  it('binds both roles to the service account that the pods run as', () => {
    const objects = parseAllDocuments(agentManifest(INPUT)).map((document) => document.toJS());
    const bindings = objects.filter(({ kind }) => kind.endsWith('Binding'));
    const deployment = objects.find(({ kind }) => kind === 'Deployment');

    expect(bindings.map(({ roleRef, subjects }) => [roleRef.kind, roleRef.name, subjects])).toEqual(
      ['ClusterRole', 'Role'].map((kind) => [
        kind,
        'picket-agent',
        [{ kind: 'ServiceAccount', namespace: 'picket-system', name: 'picket-agent' }],
      ]),
    );
    expect(deployment.spec.template.spec.serviceAccountName).toBe('picket-agent');
  });

  it('runs without any privilege but the host network', () => {
    const { spec } = parseAllDocuments(agentManifest(INPUT)).at(-1)!.toJS().spec.template;

    expect(spec.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      fsGroup: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(
      spec.containers.map(({ securityContext }: { securityContext: object }) => securityContext),
    ).toEqual([
      {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
    ]);
    expect(spec.hostNetwork).toBe(true);
    expect(spec.hostPID ?? spec.hostIPC).toBeUndefined();
    expect(JSON.stringify(spec.volumes)).not.toContain('hostPath');
  });

  it('keeps the join token in its Secret alone', () => {
    const holders = parseAllDocuments(agentManifest(INPUT))
      .map((document) => document.toJS())
      .filter((object) => JSON.stringify(object).includes(INPUT.joinToken));

    expect(holders.map(({ kind, stringData }) => [kind, stringData])).toEqual([
      ['Secret', { token: INPUT.joinToken }],
    ]);
  });

  it('names the approvers that the cluster wants, and none where none are', () => {
    const keys = ['alice', 'bob'].map((name) => ({ name, publicKey: name.padEnd(43, '_') }));
    const argsOf = (input: Parameters<typeof agentManifest>[0]): string[] =>
      parseAllDocuments(agentManifest(input)).at(-1)!.toJS().spec.template.spec.containers[0].args;

    expect(argsOf({ ...INPUT, approvers: { keys, needed: 2 } }).slice(-6)).toEqual([
      '--approver-key',
      `alice=${keys[0]?.publicKey}`,
      '--approver-key',
      `bob=${keys[1]?.publicKey}`,
      '--approvals-needed',
      '2',
    ]);
    expect(argsOf({ ...INPUT, approvers: { keys: [], needed: 1 } })).toEqual(argsOf(INPUT));
  });

  it('takes what it is given as text, not as YAML', () => {
    const hostile = {
      hubUrl: 'https://h/?a: b # {c}\n---\nkind: Pod',
      image: '"x": &y',
      joinToken: '!!binary no',
    };

    const objects = parseAllDocuments(agentManifest(hostile)).map((document) => document.toJS());

    expect(objects).toHaveLength(8);
    expect(objects.at(-1).spec.template.spec.containers[0]).toMatchObject({
      image: hostile.image,
      args: expect.arrayContaining([hostile.hubUrl]),
    });
    expect(objects.at(-2).stringData).toEqual({ token: hostile.joinToken });
  });
});
