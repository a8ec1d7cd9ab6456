import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { InputRejected } from './input-rejected.ts';
import { lintPolicies } from './lint-policies.ts';
import { listConnectivity } from './list-connectivity.ts';
import { listExposure } from './list-exposure.ts';

const folder = mkdtempSync(join(tmpdir(), 'picket-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'input.yaml');

/** Analyzes a whole input. Anything but rows or a refusal is a failure. */
async function outcomeOf(input: string | Uint8Array): Promise<object[] | InputRejected> {
  writeFileSync(file, input);
  const asked = { paths: [file], semantics: {}, output: 'json', warn: () => undefined } as const;
  try {
    const rows = JSON.parse([...(await listConnectivity(asked))].join('')) as object[];
    // What is judged can be asked everything else.
    const onFinding = (): void => undefined;
    const more = [await listExposure(asked), await lintPolicies({ ...asked, onFinding })];
    for (const pieces of more) JSON.parse([...pieces].join(''));
    return rows;
  } catch (error) {
    if (error instanceof InputRejected) return error;
    throw error;
  }
}

/** More with PICKET_RUNS, for a long search. */
const numRuns = Number(process.env['PICKET_RUNS'] ?? 200);

async function endsWell(input: string | Uint8Array): Promise<object> {
  const outcome = await outcomeOf(input);

  const problems = outcome instanceof InputRejected ? outcome.problems : [];
  expect(problems.length).toBeLessThanOrEqual(1_000);
  if (outcome instanceof InputRejected) expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems)
    expect(problem).toEqual({
      file,
      path: expect.any(String),
      code: expect.stringMatching(/^[A-Z_]+$/),
      message: expect.stringMatching(/^.{1,1001}$/su),
    });
  return outcome;
}

const manifests = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{ports: [{name: http, containerPort: 80}]}]}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: db, namespace: shop, labels: {app: db}}
  spec: {hostNetwork: false, nodeName: one}
  status: {podIP: 10.0.0.1}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: &labels {app: db}, matchExpressions: [{key: app, operator: In, values: [db]}]}
  policyTypes: [Ingress, Egress]
  ingress: [{from: [{podSelector: {matchLabels: *labels}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: http}, {port: 1, endPort: 9}]}]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: admin}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {matchLabels: {team: a}}}
  egress: [{name: out, action: Deny, to: [{networks: [0.0.0.0/0]}], protocols: [{tcp: {destinationPort: {number: 80}}}]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: names, namespace: shop}
spec: {endpointSelector: {}, egress: [{toFQDNs: [{matchPattern: "*.example.com"}]}, {toEntities: [world]}]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: calico}
spec: {order: 1, selector: app == 'db' && has(team), types: [Ingress], ingress: [{action: Allow, protocol: TCP, destination: {ports: [80, '1:9']}}]}
`;

/** Words of manifests and of YAML, and what is neither. */
const words = [
  ...(manifests.match(/[\w./-]+|\S/g) ?? []),
  ...'&a |*a |<<: *a|!!binary |>-\n|? |null|~|-1|1e999|.nan|0x7fffffffffffffff|__proto__|constructor|::/0|fd00::1|999.0.0.1'.split(
    '|',
  ),
];
const signs = '\n|\n---\n|  |\t|"|{|[|}|]|\u0000|\u2028|\ud800|\ufeff|%YAML 1.2\n'.split('|');
const tokens = fc.constantFrom(...words, ...signs);
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat({ max: 60 }),
  text: fc.array(tokens, { maxLength: 4 }).map((words) => words.join('')),
});

describe('hostile input', () => {
  it('is well judged before it is made worse', async () => {
    expect(await outcomeOf(manifests)).not.toBeInstanceOf(InputRejected);
    expect(await outcomeOf(manifests)).not.toEqual([]);
  });

  it('ends in rows or problems, however manifests are cut, mixed and overwritten', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        let text = manifests;
        for (const { at, length, text: more } of edits) {
          const start = Math.floor(at * text.length);
          text = text.slice(0, start) + more + text.slice(start + length);
        }
        await endsWell(text);
      }),
      { numRuns },
    );
  });

  it('ends in rows or problems for words in any order, and for any bytes', async () => {
    const texts = fc.array(tokens, { maxLength: 60 }).map((all) => all.join(' '));
    const bytes = fc.uint8Array({ maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(texts, bytes), async (input) => {
        await endsWell(input);
      }),
      { numRuns },
    );
  });

  it('ends in rows or problems for any JSON where members should be others', async () => {
    const roots = fc.constantFrom('metadata', 'spec', 'status', 'items');
    const kinds = fc.constantFrom(
      'v1/Pod',
      'v1/List',
      'v1/Service',
      'v1/Node',
      'v1/Namespace',
      'apps/v1/Deployment',
      'batch/v1/CronJob',
      'networking.k8s.io/v1/NetworkPolicy',
      'policy.networking.k8s.io/v1alpha1/AdminNetworkPolicy',
    );
    const objects = fc
      .tuple(kinds, fc.dictionary(roots, fc.jsonValue({ maxDepth: 5 })))
      .map(([key, members]) => {
        const at = key.lastIndexOf('/');
        return { apiVersion: key.slice(0, at), kind: key.slice(at + 1), ...members };
      });
    await fc.assert(
      fc.asyncProperty(fc.array(objects, { minLength: 1, maxLength: 5 }), async (items) => {
        await endsWell(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
      }),
      { numRuns },
    );
  });

  const many = (text: (index: number) => string, count = 100_000): string =>
    Array.from({ length: count }, (_, index) => text(index)).join(',');
  const policy = (spec: string): string =>
    `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: x}, spec: ${spec}}`;

  it.each([
    ['100,000 rules', () => policy(`{podSelector: {}, ingress: [${many(() => '{}')}]}`)],
    [
      '100,000 rules that are none',
      () => policy(`{podSelector: {}, ingress: [${many(() => '1')}]}`),
    ],
    [
      '100,000 peers',
      () => policy(`{podSelector: {}, egress: [{to: [${many(() => '{podSelector: {}}')}]}]}`),
    ],
    [
      '100,000 expressions',
      () =>
        policy(`{podSelector: {matchExpressions: [${many(() => '{key: a, operator: Exists}')}]}}`),
    ],
    [
      '100,000 labels',
      () =>
        `{apiVersion: v1, kind: Pod, metadata: {name: x, labels: {${many((n) => `k${n}: v`)}}}}`,
    ],
    [
      'a name without an end',
      () => `{apiVersion: v1, kind: Pod, metadata: {name: ${'a'.repeat(1e7)}}}`,
    ],
    ['100,000 lists inside each other', () => '['.repeat(100_000)],
    ['a NUL', () => policy('"\u0000"')],
    ['bytes that are no text', () => Uint8Array.of(0xff, 0xfe, 0x00)],
    [
      'aliases of aliases',
      () =>
        `a0: &a0 [x]\n${Array.from({ length: 40 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`).join('\n')}`,
    ],
    ['a value that holds itself', () => policy('&a {podSelector: *a}')],
    [
      'a list that holds itself',
      () => 'apiVersion: v1\nkind: List\nitems: &a [{apiVersion: v1, kind: List, items: *a}]',
    ],
    [
      'an object that is listed again and again',
      () =>
        `{apiVersion: v1, kind: List, x: &x {${many((n) => `k${n}: v`, 30_000)}}, items: [${many(() => '*x', 9_000)}]}`,
    ],
    [
      'merges of merges',
      () => `b: &b {${many((n) => `k${n}: v`, 30_000)}}\nl:\n${'- {<<: *b}\n'.repeat(30_000)}`,
    ],
    [
      '20,000 policies whose order is undefined',
      () =>
        Array.from(
          { length: 20_000 },
          (_, n) =>
            `{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: p${n}}, spec: {tier: Admin, priority: 1, subject: {namespaces: {}}}}`,
        ).join('\n---\n'),
    ],
    ['100,000 documents that are no objects', () => 'a\n---\n'.repeat(100_000)],
    ['a template', () => '{{- if .Values.policy }}\nkind: NetworkPolicy\n{{- end }}'],
  ])('is refused: %s', async (_, make) => {
    expect(await endsWell(make())).toBeInstanceOf(InputRejected);
  });

  it('gives no more than 1,000 problems, and says how many there are more', async () => {
    const pods = Array.from(
      { length: 5_000 },
      (_, n) => `{apiVersion: v1, kind: Pod, metadata: {name: "-${n}"}}`,
    ).join('\n---\n');

    const outcome = await outcomeOf(pods);

    expect(outcome).toMatchObject({
      problems: expect.arrayContaining([expect.objectContaining({ code: 'TOO_MANY' })]),
    });
  });
});
