import { expect, it } from '@jest/globals';
import { parseObjects } from '@picket/verdict';

import { flow, inputOf, networkPolicy, pod, type EvaluatorOf } from '../cluster.ts';

const pods = pod('web', { addresses: '10.0.0.1' }) + pod('db', { addresses: '10.0.0.2' });
const query = flow('shop/web', 'shop/db', 'TCP 5432');

function global(name: string, spec: string): string {
  return `---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: ${name} }
spec: ${spec}
`;
}

function namespaced(name: string, spec: string): string {
  return `---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
`;
}

function tier(name: string, order: number, defaultAction = 'Deny'): string {
  return `---
apiVersion: projectcalico.org/v3
kind: Tier
metadata: { name: ${name} }
spec: { order: ${order}, defaultAction: ${defaultAction} }
`;
}

export function calico(evaluatorOf: EvaluatorOf): void {
  const verdictOf = (manifests: string, asked = query): string =>
    evaluatorOf(inputOf(pods + manifests)).judge(asked).verdict;

  it('policies are judged by order, equal ones by name, those without order last', () => {
    const allow = '{ order: 10, selector: app == "db", ingress: [{ action: Allow }] }';
    const deny = (order: string): string =>
      `{ ${order} selector: all(), ingress: [{ action: Deny }] }`;

    const verdicts = [deny('order: 9,'), deny('order: 11,'), deny('order: 10,'), deny('')].map(
      (spec) => verdictOf(global('m', allow) + global('z', spec)),
    );

    expect(verdicts).toEqual(['denied', 'allowed', 'allowed', 'allowed']);
    expect(verdictOf(global('m', allow) + global('a', deny('order: 10,')))).toBe('denied');
  });

  it('a tier denies what its policies select and none of their rules matches', () => {
    const policy = global(
      'one',
      '{ selector: app == "db", ingress: [{ action: Allow, protocol: TCP, destination: { ports: [80, "443:445"] } }] }',
    );
    const evaluator = evaluatorOf(inputOf(pods + policy));

    const verdicts = ['TCP 80', 'TCP 444', 'TCP 446', 'UDP 80'].map(
      (conns) => evaluator.judge(flow('shop/web', 'shop/db', conns)).verdict,
    );

    expect(verdicts).toEqual(['allowed', 'allowed', 'denied', 'denied']);
    expect(evaluator.judge(query).ingress.because).toBe('isolated');
  });

  it('a tier whose default action is Pass leaves it to the next', () => {
    const rules = 'selector: all(), ingress: [{ action: Deny, protocol: UDP }]';
    const manifests = tier('security', 5, 'Pass') + global('one', `{ tier: security, ${rules} }`);

    expect(verdictOf(manifests)).toBe('allowed');
    expect(verdictOf(tier('security', 5) + global('one', `{ tier: security, ${rules} }`))).toBe(
      'denied',
    );
  });

  it('Pass goes to the next tier, where a NetworkPolicy of Kubernetes stands too', () => {
    const manifests =
      tier('security', 5) +
      global('one', '{ tier: security, selector: all(), ingress: [{ action: Pass }] }');
    const deny = networkPolicy('deny', '{ podSelector: {}, policyTypes: [Ingress] }');

    expect(verdictOf(manifests)).toBe('allowed');
    expect(verdictOf(manifests + deny)).toBe('denied');
  });

  it('a policy of a tier that is not in the input is an error', () => {
    const { problems } = parseObjects([
      {
        value: {
          apiVersion: 'projectcalico.org/v3',
          kind: 'GlobalNetworkPolicy',
          metadata: { name: 'one' },
          spec: { tier: 'missing' },
        },
      },
    ]);

    expect(problems).toMatchObject([
      { path: 'spec.tier', code: 'TIER_UNKNOWN', severity: 'error' },
    ]);
  });

  const everywhere = pods + pod('web', { namespace: 'other', addresses: '10.0.1.1' });

  it.each([
    ['{ selector: app == "web" }', 'allowed', 'denied', 'denied'],
    ['{ selector: app == "web", namespaceSelector: all() }', 'allowed', 'allowed', 'denied'],
    ['{ namespaceSelector: projectcalico.org/name == "other" }', 'denied', 'allowed', 'denied'],
    ['{ selector: "!has(app)" }', 'denied', 'denied', 'denied'],
    ['{ notSelector: has(app), namespaceSelector: "" }', 'denied', 'denied', 'denied'],
    ['{ nets: [10.0.0.0/24, 192.0.2.1] }', 'allowed', 'denied', 'allowed'],
    ['{ notNets: [10.0.0.0/8] }', 'denied', 'denied', 'allowed'],
    ['{ serviceAccounts: { names: [robot] } }', 'denied', 'denied', 'denied'],
    ['{ serviceAccounts: { names: [default] } }', 'allowed', 'denied', 'denied'],
  ])('source %s of a namespaced policy', (source, own, other, outside) => {
    const policy = namespaced(
      'one',
      `{ selector: app == "db", ingress: [{ action: Allow, source: ${source} }] }`,
    );
    const evaluator = evaluatorOf(inputOf(everywhere + policy));

    const verdicts = ['shop/web', 'other/web', '192.0.2.1'].map(
      (src) => evaluator.judge(flow(src, 'shop/db', 'TCP 80')).verdict,
    );

    expect(verdicts).toEqual([own, other, outside]);
  });

  it('notSelector in a global policy means what is no such endpoint, outside addresses too', () => {
    const policy = global(
      'one',
      '{ selector: app == "db", ingress: [{ action: Allow, source: { notSelector: app == "web" } }] }',
    );
    const evaluator = evaluatorOf(inputOf(everywhere + policy));

    const verdicts = ['shop/web', 'other/web', '192.0.2.1'].map(
      (src) => evaluator.judge(flow(src, 'shop/db', 'TCP 80')).verdict,
    );

    expect(verdicts).toEqual(['denied', 'denied', 'allowed']);
  });

  it('a rule can narrow its own end', () => {
    const policy = global(
      'one',
      '{ selector: all(), order: 1, egress: [{ action: Deny, source: { selector: app == "web" }, destination: { nets: [10.0.0.2/32] } }, { action: Allow }] }',
    );
    const evaluator = evaluatorOf(inputOf(everywhere + policy));

    const verdicts = ['shop/web', 'shop/db'].map(
      (src) => evaluator.judge(flow(src, '10.0.0.2', 'TCP 80')).egress.verdict,
    );

    expect(verdicts).toEqual(['denied', 'allowed']);
  });

  it.each([
    ['protocol: TCP, destination: { notPorts: [5432] }', 'denied', 'allowed', 'denied'],
    ['notProtocol: UDP', 'allowed', 'allowed', 'allowed'],
    ['notProtocol: TCP', 'denied', 'denied', 'allowed'],
    ['protocol: 6', 'allowed', 'allowed', 'denied'],
    ['protocol: ICMP', 'denied', 'denied', 'allowed'],
    ['protocol: UDPLite', 'denied', 'denied', 'denied'],
    ['protocol: TCP, destination: { ports: [http] }', 'denied', 'denied', 'denied'],
  ])('%s', (match, sql, web, ping) => {
    const policy = global(
      'one',
      `{ selector: app == "db", ingress: [{ action: Allow, ${match} }] }`,
    );
    const evaluator = evaluatorOf(inputOf(pods + policy));

    const verdicts = ['TCP 5432', 'TCP 80', 'ICMP'].map(
      (conns) => evaluator.judge(flow('shop/web', 'shop/db', conns)).verdict,
    );

    expect(verdicts).toEqual([sql, web, ping]);
  });

  it.each([
    ['{ action: Allow, http: { methods: [GET] }, protocol: TCP }', /HTTP/],
    ['{ action: Allow, source: { ports: [1024] }, protocol: TCP }', /source ports/],
    ['{ action: Allow, source: { namespaceSelector: global() } }', /network sets/],
    ['{ action: Allow, source: { services: { name: web } } }', /services/],
  ])('what is not modelled makes the verdict unknown: %s', (rule, reason) => {
    const policy = global('one', `{ selector: app == "db", ingress: [${rule}] }`);

    const { verdict, ingress } = evaluatorOf(inputOf(pods + policy)).judge(query);

    expect(verdict).toBe('unknown');
    expect(ingress.unknown).toContainEqual(expect.stringMatching(reason));
  });

  it('Log decides nothing', () => {
    const policy = global(
      'one',
      '{ selector: all(), ingress: [{ action: Log }, { action: Allow }] }',
    );

    const { ingress } = evaluatorOf(inputOf(pods + policy)).judge(query);

    expect(ingress).toMatchObject({ verdict: 'allowed', rule: { index: 1 } });
  });
}
