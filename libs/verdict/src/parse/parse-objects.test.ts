import { describe, expect, it } from '@jest/globals';

import { inventoryOfFacts, parseObjects, parsePolicies, referenceEvaluator } from '../index.ts';

const object = (kind: string, name: string, more: object = {}): { value: unknown } => ({
  value: { apiVersion: 'v1', kind, metadata: { name, namespace: 'shop' }, ...more },
});
const policy = (name: string, spec: unknown): { value: unknown } => ({
  value: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop' },
    spec,
  },
});

describe('parseObjects', () => {
  it('gives every namespace its name label, also one that is only named, whatever was written there', () => {
    const objects = [
      object('Pod', 'web'),
      {
        value: {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: {
            name: 'other',
            labels: { team: 'a', 'kubernetes.io/metadata.name': 'a-lie' },
          },
        },
      },
    ];

    const { inventory } = parseObjects(objects);

    expect(inventory.namespaces).toEqual([
      { name: 'other', labels: { team: 'a', 'kubernetes.io/metadata.name': 'other' } },
      { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop' } },
    ]);
  });

  it('reads what policies need of every kind of workload', () => {
    const template = {
      metadata: { labels: { app: 'x' } },
      spec: {
        serviceAccountName: 'robot',
        hostNetwork: true,
        containers: [{ ports: [{ name: 'http', containerPort: 8080 }] }],
        initContainers: [
          { restartPolicy: 'Always', ports: [{ name: 'proxy', containerPort: 15001 }] },
          { ports: [{ name: 'never', containerPort: 1 }] },
        ],
      },
    };
    const cronJob = {
      value: {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'nightly', namespace: 'shop' },
        spec: { jobTemplate: { spec: { template } } },
      },
    };
    const deployment = {
      value: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: { template },
      },
    };

    const { workloads } = parseObjects([cronJob, deployment]).inventory;

    expect(workloads.map(({ owner }) => owner)).toEqual([
      'default/web[Deployment]',
      'shop/nightly[CronJob]',
    ]);
    expect(workloads[0]).toMatchObject({
      labels: { app: 'x' },
      serviceAccount: 'robot',
      hostNetwork: true,
      ports: [
        { name: 'http', protocol: 'TCP', port: 8080 },
        { name: 'proxy', protocol: 'TCP', port: 15_001 },
      ],
    });
  });

  it('opens lists, typed ones too, and leaves out what is no Kubernetes object', () => {
    const {
      kind: _,
      apiVersion: __,
      ...bare
    } = object('Pod', 'db').value as Record<string, unknown>;
    const objects = [
      { value: { apiVersion: 'v1', kind: 'List', items: [object('Pod', 'web').value] } },
      { value: { apiVersion: 'v1', kind: 'PodList', items: [bare] } },
      { file: 'values.yaml', value: { replicas: 3 } },
      { value: 'text' },
    ];

    const { inventory, problems } = parseObjects(objects);

    expect(inventory.workloads.map(({ name }) => name)).toEqual(['db', 'web']);
    expect(problems).toEqual([
      expect.objectContaining({ code: 'TYPE_WRONG', severity: 'warning' }),
      expect.objectContaining({ file: 'values.yaml', code: 'FIELD_REQUIRED', severity: 'warning' }),
    ]);
  });

  it('tells each problem with its object and path, all at once', () => {
    const { problems } = parseObjects([
      { file: 'a.yaml', value: policy('one', { podSelector: { matchLabels: { a: '-' } } }).value },
      { file: 'b.yaml', value: object('Pod', 'web', { spec: { hostNetwork: 'yes' } }).value },
    ]);

    expect(problems).toMatchObject([
      {
        file: 'a.yaml',
        kind: 'NetworkPolicy',
        name: 'shop/one',
        path: 'spec.podSelector.matchLabels.a',
      },
      { file: 'b.yaml', kind: 'Pod', name: 'shop/web', path: 'spec.hostNetwork' },
    ]);
  });

  it('warns about rules of a direction that policyTypes leaves out', () => {
    const rules = { ingress: [{}], egress: [{}] };

    const pathsOf = (policyTypes?: string[]): string[] =>
      parseObjects([
        policy('p', { podSelector: {}, ...rules, ...(policyTypes && { policyTypes }) }),
      ]).problems.map(({ code, path, severity }) => `${code} ${path} ${severity}`);

    expect(pathsOf(['Ingress'])).toEqual(['RULES_IGNORED spec.egress warning']);
    expect(pathsOf(['Egress'])).toEqual(['RULES_IGNORED spec.ingress warning']);
    expect(pathsOf(['Ingress', 'Egress'])).toEqual([]);
    expect(pathsOf()).toEqual([]);
  });

  it('warns about policies of kinds that it does not model', () => {
    const { problems } = parsePolicies([
      {
        value: {
          apiVersion: 'k8s.cni.cncf.io/v1beta1',
          kind: 'MultiNetworkPolicy',
          metadata: { name: 'x' },
        },
      },
    ]);

    expect(problems).toMatchObject([{ code: 'KIND_NOT_MODELLED', severity: 'warning' }]);
  });

  it.each([
    undefined,
    null,
    5,
    [],
    {},
    { apiVersion: 'v1' },
    { apiVersion: 'v1', kind: 'Pod', metadata: [] },
    { apiVersion: 'v1', kind: 'List', items: [null, 7] },
  ])('ends in problems for %j', (value) => {
    expect(parseObjects([{ value }]).problems.length).toBeGreaterThan(0);
  });

  it('gives the same for objects in another order', () => {
    const objects = [policy('b', {}), policy('a', {}), object('Pod', 'web'), object('Pod', 'db')];

    expect(parseObjects(objects.toReversed())).toEqual(parseObjects(objects));
  });
});

describe('NetworkPolicy', () => {
  it.each([
    [{}, { ingress: true, egress: false }],
    [{ egress: [] }, { ingress: true, egress: false }],
    [{ egress: [{}] }, { ingress: true, egress: true }],
    [
      { policyTypes: [], egress: [{}] },
      { ingress: true, egress: true },
    ],
    [
      { policyTypes: ['Egress'], ingress: [{}] },
      { ingress: false, egress: true },
    ],
    [
      { podSelector: null, ingress: null },
      { ingress: true, egress: false },
    ],
    [undefined, { ingress: true, egress: false }],
  ])('%j speaks about the directions of the API’s defaults', (spec, expected) => {
    const [read] = parsePolicies([policy('one', spec)]).policies;

    expect({ ingress: read?.ingress !== undefined, egress: read?.egress !== undefined }).toEqual(
      expected,
    );
  });
});

describe('inventoryOfFacts', () => {
  it('makes a workload of each label set, which can be judged', () => {
    const inventory = inventoryOfFacts({
      namespaces: [
        {
          name: 'shop',
          labels: {},
          labelSets: [
            { labels: { tier: 'front', app: 'web' } },
            { labels: { app: 'db' }, ports: [{ name: 'sql', protocol: 'TCP', port: 5432 }] },
            { labels: { app: 'db' } },
            { labels: {} },
          ],
        },
      ],
    });
    const { policies } = parsePolicies([
      policy('db', {
        podSelector: { matchLabels: { app: 'db' } },
        ingress: [{ ports: [{ port: 'sql' }] }],
      }),
    ]);

    const evaluator = referenceEvaluator({ inventory, policies });
    const verdicts = ['shop/app=db', 'shop/app=db#2', 'shop/-'].map(
      (workload) =>
        evaluator.judge({
          src: { workload: 'shop/app=web,tier=front[LabelSet]' },
          dst: { workload },
          protocol: 'TCP',
          port: 5432,
        }).verdict,
    );

    expect(verdicts).toEqual(['allowed', 'denied', 'allowed']);
  });
});
