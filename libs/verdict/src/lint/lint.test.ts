import { describe, expect, it } from '@jest/globals';

import { parseObjects } from '../parse/parse-objects.ts';
import { lint } from './lint.ts';
import type { LintProblem } from './lint-problem.ts';

const pod = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', labels: { app: name } },
  spec: { containers: [{ ports: [{ name: 'http', containerPort: 80 }] }] },
});
const networkPolicy = (name: string, spec: object): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: 'shop' },
  spec: { podSelector: {}, policyTypes: ['Ingress'], ...spec },
});
const clusterPolicy = (name: string, priority: number, ingress: object[]): object => ({
  apiVersion: 'policy.networking.k8s.io/v1alpha2',
  kind: 'ClusterNetworkPolicy',
  metadata: { name },
  spec: { tier: 'Admin', priority, subject: { namespaces: {} }, ingress },
});
const from = (app: string, port: number): object => ({
  from: [{ podSelector: { matchLabels: { app } } }],
  ports: [{ port }],
});

function problemsIn(...objects: object[]): LintProblem[] {
  const { policies, inventory } = parseObjects(
    [pod('web'), pod('db'), ...objects].map((value) => ({ value })),
  );
  return lint(policies, inventory);
}

/** Code, policy and path of each. */
function summary(...objects: object[]): string[] {
  return problemsIn(...objects).map(({ code, policy, path }) => `${code} ${policy.name} ${path}`);
}

describe('lint', () => {
  it('finds nothing where each rule does something and no more than it must', () => {
    expect(summary(networkPolicy('a', { ingress: [from('web', 80), from('db', 81)] }))).toEqual([]);
  });

  it('finds a rule that others of its policy cover together, whatever they are written like', () => {
    const web = { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] };
    const range = { from: [{ podSelector: web }], ports: [{ port: 80, endPort: 81 }] };

    const problems = problemsIn(
      networkPolicy('a', { ingress: [from('web', 80), from('web', 81), range] }),
    );

    // Both narrow rules may go, and then the range must stay.
    expect(problems.map(({ code, rule, message }) => [code, rule?.index, message])).toEqual([
      ['RULE_REDUNDANT', 0, 'the rule has no effect beside rule #3'],
      ['RULE_REDUNDANT', 1, 'the rule has no effect beside rule #3'],
    ]);
  });

  it('finds a rule that never decides, also for another tier before it', () => {
    const all = { from: [{ namespaces: {} }] };

    expect(
      summary(
        clusterPolicy('first', 1, [
          { action: 'Deny', ...all },
          { action: 'Accept', ...all },
        ]),
        networkPolicy('a', { ingress: [from('web', 80)] }),
      ),
    ).toEqual([
      'RULE_SHADOWED a spec.ingress[0]',
      'RULE_SHADOWED first spec.ingress[1]',
      'RULE_ALLOWS_EVERYONE first spec.ingress[1].from[0]',
      'RULE_ALLOWS_ALL_PORTS first spec.ingress[1]',
    ]);
  });

  it('leaves alone a rule that a pass lets traffic through to', () => {
    const all = { from: [{ namespaces: {} }] };

    const found = summary(
      clusterPolicy('first', 1, [
        { action: 'Pass', ...all },
        { action: 'Deny', ...all },
      ]),
      networkPolicy('a', { ingress: [from('web', 80)] }),
    );

    expect(found).toEqual(['RULE_SHADOWED first spec.ingress[1]']);
  });

  it('finds a policy that another one makes unneeded, but not one that alone isolates', () => {
    const ingress = [from('web', 80)];

    expect(summary(networkPolicy('a', { ingress }), networkPolicy('b', { ingress }))).toEqual([
      'POLICY_REDUNDANT a spec',
    ]);
    expect(
      summary(
        networkPolicy('a', { ingress }),
        networkPolicy('b', { ingress, podSelector: { matchLabels: { app: 'db' } } }),
      ),
    ).toEqual(['POLICY_REDUNDANT b spec']);
  });

  it('finds selectors that pick nothing, ever or here, and port names that nobody has', () => {
    const never = {
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }],
    };

    const named = { from: [{ podSelector: {} }], ports: [{ port: 'https' }] };

    expect(summary(networkPolicy('a', { podSelector: never }))).toEqual(['SELECTOR_EMPTY a spec']);
    expect(summary(networkPolicy('a', { podSelector: { matchLabels: { app: 'gone' } } }))).toEqual([
      'POLICY_SELECTS_NOTHING a spec',
    ]);
    expect(summary(networkPolicy('a', { ingress: [from('gone', 80)] }))).toEqual([
      'PEER_SELECTS_NOTHING a spec.ingress[0].from[0]',
    ]);
    expect(summary(networkPolicy('a', { ingress: [named] }))).toEqual([
      'PORT_NAME_UNKNOWN a spec.ingress[0]',
    ]);
  });

  it('finds equal priorities only where they matter', () => {
    const web = { from: [{ pods: { podSelector: { matchLabels: { app: 'web' } } } }] };
    const db = { from: [{ pods: { podSelector: { matchLabels: { app: 'db' } } } }] };
    const tcp = { protocols: [{ tcp: { destinationPort: { number: 80 } } }] };

    const codes = (peer: object): string[] =>
      problemsIn(
        clusterPolicy('a', 5, [{ action: 'Accept', ...web, ...tcp }]),
        clusterPolicy('b', 5, [{ action: 'Deny', ...peer, ...tcp }]),
      ).map(({ code, severity }) => `${code} ${severity}`);

    expect(codes(web)).toEqual(['PRIORITY_UNDECIDED error']);
    expect(codes(db)).toEqual([]);
  });

  it('finds rules that open more than anybody can list', () => {
    const block = (cidr: string): object => ({
      from: [{ ipBlock: { cidr } }],
      ports: [{ port: 1 }],
    });

    expect(
      summary(
        networkPolicy('a', { ingress: [{}] }),
        networkPolicy('b', {
          ingress: [block('::/0'), block('10.0.0.0/8')],
          podSelector: { matchLabels: { app: 'db' } },
        }),
      ),
    ).toEqual([
      'RULE_ALLOWS_EVERYONE a spec.ingress[0]',
      'RULE_ALLOWS_ALL_PORTS a spec.ingress[0]',
      'POLICY_REDUNDANT b spec',
      'RULE_ALLOWS_ANY_ADDRESS b spec.ingress[0].from[0]',
    ]);
  });
});
