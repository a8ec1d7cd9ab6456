import { expect, it } from '@jest/globals';

import { clusterPolicy, flow, inputOf, networkPolicy, pod, type EvaluatorOf } from '../cluster.ts';

const pods = pod('web') + pod('db');
/** All ports of all protocols that have some. */
const ALL_PORTS = ['tcp', 'udp', 'sctp']
  .map((protocol) => `{ ${protocol}: { destinationPort: { range: { start: 1, end: 65535 } } } }`)
  .join(', ');
const ping = flow('shop/web', 'shop/db', 'ICMP');

export function icmp(evaluatorOf: EvaluatorOf): void {
  it('is allowed where no policy selects', () => {
    const { verdict } = evaluatorOf(inputOf(pods)).judge(ping);

    expect(verdict).toBe('allowed');
  });

  it('is unknown where a NetworkPolicy selects, because the API leaves it open', () => {
    const deny = networkPolicy('deny', '{ podSelector: {}, policyTypes: [Ingress] }');

    const answer = evaluatorOf(inputOf(pods + deny)).judge(ping);

    expect(answer.verdict).toBe('unknown');
    expect(answer.ingress.unknown).toEqual([
      'what NetworkPolicy shop/deny does to ICMP is left to the network plugin',
    ]);
    expect(answer.egress.verdict).toBe('allowed');
  });

  it.each([
    ['{ podSelector: {}, policyTypes: [Ingress] }', 'denied'],
    ['{ podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] }', 'allowed'],
    ['{ podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] }', 'denied'],
  ])('is judged like TCP where the semantics say so: %s', (spec, verdict) => {
    const input = inputOf(pods + networkPolicy('one', spec), { judgeIcmp: true });

    const answer = evaluatorOf(input).judge(ping);

    expect(answer.verdict).toBe(verdict);
  });

  it.each([
    ['ingress: [{ action: Deny, from: [{ namespaces: {} }] }]', 'denied'],
    [
      `ingress: [{ action: Deny, from: [{ namespaces: {} }], protocols: [${ALL_PORTS}] }]`,
      'allowed',
    ],
    [
      'ingress: [{ action: Deny, from: [{ namespaces: {} }], protocols: [{ destinationNamedPort: http }] }]',
      'allowed',
    ],
    ['egress: [{ action: Deny, to: [{ networks: [0.0.0.0/0, "::/0"] }] }]', 'denied'],
  ])('is matched by a ClusterNetworkPolicy rule only without protocols: %s', (rules, verdict) => {
    const input = inputOf(pods + clusterPolicy('one', 'Admin', 5, rules));

    const answer = evaluatorOf(input).judge(ping);

    expect(answer.verdict).toBe(verdict);
  });

  it('is decided by tier Admin before a NetworkPolicy makes it unknown', () => {
    const manifests =
      pods +
      networkPolicy('deny', '{ podSelector: {}, policyTypes: [Ingress] }') +
      clusterPolicy(
        'ping',
        'Admin',
        5,
        'ingress: [{ action: Accept, from: [{ namespaces: {} }] }]',
      );

    const answer = evaluatorOf(inputOf(manifests)).judge(ping);

    expect(answer.verdict).toBe('allowed');
    expect(answer.ingress).toMatchObject({ tier: 'Admin', policy: { name: 'ping' } });
  });

  it('has no port, and TCP has one', () => {
    const evaluator = evaluatorOf(inputOf(pods));

    expect(() => evaluator.judge({ ...ping, port: 80 })).toThrow(/ICMP has no ports/);
    expect(() => evaluator.judge({ ...ping, protocol: 'TCP' })).toThrow(/needs a port/);
    expect(() => evaluator.judge({ ...ping, protocol: 'TCP', port: 65_536 })).toThrow(
      /needs a port/,
    );
  });

  it.each([
    [{ type: 256, code: 0 }, /ICMP type is a number from 0 to 255, not 256/],
    [{ type: -1, code: 0 }, /ICMP type .* not -1/],
    [{ type: 8, code: 0.5 }, /ICMP code .* not 0.5/],
  ])('is refused with a type or code that does not exist: %j', (icmp, message) => {
    const evaluator = evaluatorOf(inputOf(pods));

    expect(() => evaluator.judge({ ...ping, icmp })).toThrow(message);
  });
}
