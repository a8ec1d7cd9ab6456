import { expect, it } from '@jest/globals';
import { parseObjects } from '@picket/verdict';
import { parse } from 'yaml';

import { flow, inputOf, networkPolicy, node, pod, type EvaluatorOf } from '../cluster.ts';

const cluster =
  node('n1', '172.18.0.1', '{ role: worker }') +
  pod('web', { addresses: '10.0.0.1', node: 'n1' }) +
  pod('db', { addresses: '10.0.0.2', node: 'n1' }) +
  pod('web', { namespace: 'other', addresses: '10.0.1.1', node: 'n2' });

function policy(spec: string, kind = 'CiliumNetworkPolicy'): string {
  const namespace = kind === 'CiliumNetworkPolicy' ? ', namespace: shop' : '';
  return `---
apiVersion: cilium.io/v2
kind: ${kind}
metadata: { name: one${namespace} }
spec: ${spec}
`;
}

const onDb = (rest: string): string =>
  policy(`{ endpointSelector: { matchLabels: { app: db } }, ${rest} }`);

export function cilium(evaluatorOf: EvaluatorOf): void {
  const verdictsOf = (
    manifests: string,
    sources: readonly string[],
    conns = 'TCP 5432',
  ): string[] => {
    const evaluator = evaluatorOf(inputOf(cluster + manifests));
    return sources.map((src) => evaluator.judge(flow(src, 'shop/db', conns)).verdict);
  };
  const sources = ['shop/web', 'other/web', '192.0.2.1'];

  it.each([
    ['ingress: [{}]', ['denied', 'denied', 'denied']],
    ['ingress: []', ['allowed', 'allowed', 'allowed']],
    ['ingress: [{ fromEndpoints: [] }]', ['denied', 'denied', 'denied']],
    ['ingress: [{ fromEndpoints: [{}] }]', ['allowed', 'denied', 'denied']],
    [
      'ingress: [{ fromEndpoints: [{ matchLabels: { "k8s:app": web } }] }]',
      ['allowed', 'denied', 'denied'],
    ],
    [
      'ingress: [{ fromEndpoints: [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": other } }] }]',
      ['denied', 'allowed', 'denied'],
    ],
    [
      'ingress: [{ fromEndpoints: [{ matchLabels: { "io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name": other, app: web } }] }]',
      ['denied', 'allowed', 'denied'],
    ],
    [
      'ingress: [{ fromEndpoints: [{ matchExpressions: [{ key: io.kubernetes.pod.namespace, operator: Exists }] }] }]',
      ['allowed', 'allowed', 'denied'],
    ],
    [
      'ingress: [{ fromEndpoints: [{ matchLabels: { io.cilium.k8s.policy.serviceaccount: default } }] }]',
      ['allowed', 'denied', 'denied'],
    ],
    ['ingress: [{ fromEntities: [cluster] }]', ['allowed', 'allowed', 'denied']],
    ['ingress: [{ fromEntities: [world] }]', ['denied', 'denied', 'allowed']],
    ['ingress: [{ fromEntities: [all] }]', ['allowed', 'allowed', 'allowed']],
    ['ingress: [{ fromCIDR: [0.0.0.0/0] }]', ['denied', 'denied', 'allowed']],
    [
      'ingress: [{ fromCIDRSet: [{ cidr: 192.0.2.0/24, except: [192.0.2.0/28] }] }]',
      ['denied', 'denied', 'denied'],
    ],
    ['ingress: [{ toPorts: [{ ports: [{ port: "5432" }] }] }]', ['allowed', 'allowed', 'allowed']],
    [
      'ingress: [{ toPorts: [{ ports: [{ port: "80", endPort: 443, protocol: TCP }] }] }]',
      ['denied', 'denied', 'denied'],
    ],
    [
      'ingressDeny: [{ fromEndpoints: [{ matchLabels: { app: web } }] }]',
      ['denied', 'denied', 'denied'],
    ],
    [
      'enableDefaultDeny: { ingress: false }, ingressDeny: [{ fromEndpoints: [{ matchLabels: { app: web } }] }]',
      ['denied', 'allowed', 'allowed'],
    ],
    [
      'ingress: [{ fromEntities: [all] }], ingressDeny: [{ fromEntities: [world] }]',
      ['allowed', 'allowed', 'denied'],
    ],
  ])('%s', (rules, verdicts) => {
    expect(verdictsOf(onDb(rules), sources)).toEqual(verdicts);
  });

  it('a clusterwide policy means all namespaces', () => {
    const manifests = policy(
      '{ endpointSelector: {}, ingress: [{ fromEndpoints: [{}] }] }',
      'CiliumClusterwideNetworkPolicy',
    );

    expect(verdictsOf(manifests, sources)).toEqual(['allowed', 'allowed', 'denied']);
  });

  it('adds up with NetworkPolicy, and its denials come first', () => {
    const allow = networkPolicy('allow', '{ podSelector: {}, ingress: [{}] }');

    expect(verdictsOf(allow + onDb('ingress: [{}]'), sources)).toEqual([
      'allowed',
      'allowed',
      'allowed',
    ]);
    expect(verdictsOf(allow + onDb('ingressDeny: [{ fromEntities: [world] }]'), sources)).toEqual([
      'allowed',
      'allowed',
      'denied',
    ]);
  });

  it('a node reaches its own pods', () => {
    expect(verdictsOf(onDb('ingress: [{}]'), ['172.18.0.1'])).toEqual(['allowed']);
  });

  it.each([
    ['icmps: [{ fields: [{ type: 8, family: IPv4 }] }]', 'unknown'],
    ['fromEndpoints: [{}]', 'allowed'],
    ['toPorts: [{ ports: [{ port: "0", protocol: ANY }] }]', 'allowed'],
    ['toPorts: [{ ports: [{ port: "0", protocol: TCP }] }]', 'denied'],
  ])('of ICMP, %s: %s', (rule, verdict) => {
    expect(verdictsOf(onDb(`ingress: [{ ${rule} }]`), ['shop/web'], 'ICMP')).toEqual([verdict]);
  });

  it('an ICMP type is matched by the flow’s', () => {
    const evaluator = evaluatorOf(
      inputOf(cluster + onDb('ingress: [{ icmps: [{ fields: [{ type: 8 }] }] }]')),
    );

    const verdicts = [8, 0].map(
      (type) =>
        evaluator.judge({ ...flow('shop/web', 'shop/db', 'ICMP'), icmp: { type, code: 0 } })
          .verdict,
    );

    expect(verdicts).toEqual(['allowed', 'denied']);
  });

  it.each([
    [
      'toPorts: [{ ports: [{ port: "5432", protocol: TCP }], rules: { http: [{ method: GET }] } }]',
      /L7 rules \(http\)/,
    ],
    ['fromEndpoints: [{}], authentication: { mode: required }', /mutual authentication/],
    ['fromEndpoints: [{}], fromRequires: [{}]', /fromRequires/],
    ['fromEndpoints: [{ matchLabels: { "container:x": y } }]', /container:x/],
    ['fromGroups: [{ aws: {} }]', /fromGroups/],
  ])('what is not modelled makes the verdict unknown: %s', (rule, reason) => {
    const evaluator = evaluatorOf(inputOf(cluster + onDb(`ingress: [{ ${rule} }]`)));

    const { verdict, ingress } = evaluator.judge(flow('shop/web', 'shop/db', 'TCP 5432'));

    expect(verdict).toBe('unknown');
    expect(ingress.unknown).toContainEqual(expect.stringMatching(reason));
  });

  it.each([
    ['toFQDNs: [{ matchName: example.com }]', ['denied', 'unknown', 'denied']],
    ['toFQDNs: [{ matchPattern: "*.example.com" }]', ['denied', 'unknown', 'denied']],
    ['toEntities: [kube-apiserver]', ['denied', 'unknown', 'unknown']],
    ['toEntities: [host]', ['denied', 'denied', 'unknown']],
    ['toNodes: [{ matchLabels: { role: worker } }]', ['denied', 'denied', 'allowed']],
    ['toCIDR: [192.0.2.1]', ['denied', 'allowed', 'denied']],
  ])('egress %s', (rule, expected) => {
    const manifests = policy(
      `{ endpointSelector: { matchLabels: { app: web } }, egress: [{ ${rule} }] }`,
    );
    const evaluator = evaluatorOf(inputOf(cluster + manifests));

    const verdicts = ['shop/db', '192.0.2.1', '172.18.0.1'].map(
      (dst) => evaluator.judge(flow('shop/web', dst, 'TCP 443')).verdict,
    );

    expect(verdicts).toEqual(expected);
  });

  it('host policies bind nodes', () => {
    const manifests = policy(
      '{ nodeSelector: { matchLabels: { role: worker } }, ingress: [{ fromEntities: [cluster] }] }',
      'CiliumClusterwideNetworkPolicy',
    );
    const evaluator = evaluatorOf(inputOf(cluster + manifests));

    const verdicts = ['shop/web', '192.0.2.1'].map(
      (src) => evaluator.judge(flow(src, '172.18.0.1', 'TCP 22')).verdict,
    );

    expect(verdicts).toEqual(['allowed', 'denied']);
  });

  it.each([
    ['{ ingress: [] }', 'spec.endpointSelector'],
    [
      '{ endpointSelector: {}, ingress: [{ fromCIDR: [10.0.0.0/33] }] }',
      'spec.ingress[0].fromCIDR[0]',
    ],
    ['{ endpointSelector: {}, ingres: [] }', 'spec.ingres'],
  ])('%s is refused with its path', (spec, path) => {
    const value: unknown = parse(policy(spec));

    expect(parseObjects([{ value }]).problems).toMatchObject([{ path, severity: 'error' }]);
  });
}
