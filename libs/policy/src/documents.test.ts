import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { documentKey, parseDocuments } from './index.ts';

const assignment = (name: string, spec = 'blueprint: base, clusterSelector: {}'): string =>
  `apiVersion: picket.dev/v1alpha1\nkind: Assignment\nmetadata: { name: ${name} }\nspec: { ${spec} }\n`;
const cluster = (metadata: string): string =>
  `apiVersion: picket.dev/v1alpha1\nkind: Cluster\nmetadata: ${metadata}\n`;
const blueprint = (spec: string): string =>
  `apiVersion: picket.dev/v1alpha1\nkind: Blueprint\nmetadata: { name: base }\nspec: ${spec}\n`;

/** `index path CODE` of each problem. */
function faults(text: string, maxBytes?: number): string[] {
  return parseDocuments(text, maxBytes).problems.map(
    ({ index, path, code }) => `${index} ${path} ${code}`,
  );
}

describe('parseDocuments', () => {
  it('reads every kind, in order, and counts only documents that say something', () => {
    const text = [
      '# nothing but a comment',
      blueprint('{ description: all }'),
      '',
      assignment(
        'a',
        'blueprint: base, version: 2, clusterSelector: { matchLabels: { tier: prod } }, parameters: { p: [1] }',
      ),
      cluster('{ name: one, labels: { tier: prod } }'),
      '---',
    ].join('\n---\n');

    expect(parseDocuments(text)).toEqual({
      problems: [],
      documents: [
        { index: 0, kind: 'Blueprint', name: 'base', spec: { description: 'all' } },
        {
          index: 1,
          kind: 'Assignment',
          name: 'a',
          spec: {
            blueprint: 'base',
            version: 2,
            clusterSelector: { matchLabels: { tier: 'prod' } },
            parameters: { p: [1] },
          },
        },
        { index: 2, kind: 'Cluster', name: 'one', labels: { tier: 'prod' } },
      ],
    });
  });

  it.each([[''], ['---\n---\n'], ['# a comment'], ['...\n...\n'], ['\uFEFF']])(
    'finds nothing in %j',
    (text) => {
      expect(parseDocuments(text)).toEqual({ documents: [], problems: [] });
    },
  );

  it('reads YAML 1.2: no is a text, anchors and merge keys do what they say', () => {
    const text = `${cluster('{ name: no, labels: &l { on: yes } }')}`;

    expect(parseDocuments(text).documents).toEqual([
      { index: 0, kind: 'Cluster', name: 'no', labels: { on: 'yes' } },
    ]);
    expect(
      faults(
        assignment(
          'a',
          'blueprint: b, clusterSelector: { matchLabels: &x { a: b } }, parameters: { s: *x }',
        ),
      ),
    ).toEqual([]);
    expect(faults(cluster('{ name: a, labels: { <<: { b: c } } }'))).toEqual([
      '0 metadata.labels["<<"] VALUE_INVALID',
      '0 metadata.labels["<<"] TYPE_WRONG',
    ]);
  });

  it('tells the problems of all documents at once and keeps those that are right', () => {
    const text = [
      assignment('a', 'blueprint: 7, clusterselector: {}'),
      cluster('{ name: one }'),
      assignment('fine'),
      '7\n',
      'kind: Pod',
    ].join('---\n');

    const { documents, problems } = parseDocuments(text);

    expect(documents.map(({ name }) => name)).toEqual(['fine']);
    expect(
      problems.map(({ index, path, code, kind, name }) => [index, kind, name, `${path} ${code}`]),
    ).toEqual([
      [0, 'Assignment', 'a', 'spec.blueprint TYPE_WRONG'],
      [0, 'Assignment', 'a', 'spec.clusterSelector FIELD_REQUIRED'],
      [0, 'Assignment', 'a', 'spec.clusterselector FIELD_UNKNOWN'],
      [1, 'Cluster', 'one', 'metadata.labels FIELD_REQUIRED'],
      [3, null, null, 'kind KIND_UNKNOWN'],
      [4, 'Pod', null, 'kind KIND_UNKNOWN'],
    ]);
  });

  it.each([
    [
      'a kind of another API',
      'apiVersion: v1\nkind: Pod',
      'v1 Pod is not a document that Picket knows',
    ],
    [
      'another version of ours',
      'apiVersion: picket.dev/v1\nkind: Cluster',
      'picket.dev/v1 Cluster is not a document that Picket knows',
    ],
    ['no apiVersion', 'kind: Cluster', 'no apiVersion Cluster is not a document that Picket knows'],
    [
      'no kind',
      'apiVersion: picket.dev/v1alpha1',
      'picket.dev/v1alpha1 without kind is not a document that Picket knows',
    ],
    [
      'a kind that every object inherits',
      'apiVersion: picket.dev/v1alpha1\nkind: constructor',
      'picket.dev/v1alpha1 constructor is not a document that Picket knows',
    ],
    ['a list', '- a', 'no apiVersion without kind is not a document that Picket knows'],
  ])('refuses %s and says what is known', (_, text, message) => {
    expect(parseDocuments(text).problems).toEqual([
      expect.objectContaining({
        path: 'kind',
        code: 'KIND_UNKNOWN',
        message,
        allowed:
          'picket.dev/v1alpha1 Assignment, picket.dev/v1alpha1 Cluster, picket.dev/v1alpha1 Blueprint, picket.dev/v1alpha1 NamespacePolicy',
      }),
    ]);
  });

  it('cuts what it repeats of a very long kind and name', () => {
    const long = 'x'.repeat(100_000);

    const [problem] = parseDocuments(`kind: ${long}\nmetadata: { name: ${long} }`).problems;

    expect(JSON.stringify(problem).length).toBeLessThan(2_000);
  });

  it.each([
    [
      'an assignment without a selector',
      assignment('a', 'blueprint: b'),
      '0 spec.clusterSelector FIELD_REQUIRED',
    ],
    [
      'version 0',
      assignment('a', 'blueprint: b, clusterSelector: {}, version: 0'),
      '0 spec.version TOO_FEW_OR_TOO_SMALL',
    ],
    ['a name in capitals', assignment('Prod'), '0 metadata.name FORMAT_WRONG'],
    ['a name that is a number', assignment('7'), '0 metadata.name TYPE_WRONG'],
    [
      'labels on an assignment',
      assignment('a').replace('{ name: a }', '{ name: a, labels: {} }'),
      '0 metadata.labels FIELD_UNKNOWN',
    ],
    ['a status', `${assignment('a')}status: {}`, '0 status FIELD_UNKNOWN'],
    [
      'a label that is a number',
      cluster('{ name: a, labels: { b: 1 } }'),
      '0 metadata.labels.b TYPE_WRONG',
    ],
    [
      'a spec of a cluster',
      `${cluster('{ name: a, labels: {} }')}spec: {}`,
      '0 spec FIELD_UNKNOWN',
    ],
    ['metadata that is a text', cluster('a'), '0 metadata TYPE_WRONG'],
    ['a blueprint without a spec', blueprint(''), '0 spec TYPE_WRONG'],
    [
      'a fault deep in a blueprint',
      blueprint(
        '{ namespacePolicies: [{ name: a, namespaceSelector: {}, spec: { egress: [{ ports: [{ endPort: 1 }] }] } }] }',
      ),
      '0 spec.namespacePolicies[0].spec.egress[0].ports[0].endPort END_PORT_INVALID',
    ],
  ])('refuses %s', (_, text, expected) => {
    expect(faults(text)).toEqual([expected]);
  });

  it('tells the faults around and inside a blueprint together', () => {
    expect(faults(blueprint('{ onLoss: Never }').replace('base', 'Base'))).toEqual([
      '0 metadata.name FORMAT_WRONG',
      '0 spec.onLoss VALUE_NOT_ALLOWED',
    ]);
    expect(faults(blueprint('{}').replace('base', 'Base'))).toEqual([
      '0 metadata.name FORMAT_WRONG',
    ]);
  });

  it('refuses the same document twice', () => {
    const { problems } = parseDocuments(
      [assignment('a'), cluster('{ name: a, labels: {} }'), assignment('a')].join('---\n'),
    );

    expect(problems).toEqual([
      {
        index: 2,
        kind: 'Assignment',
        name: 'a',
        path: 'metadata.name',
        code: 'DOCUMENT_REPEATED',
        message: 'document 0 is Assignment/a too',
        severity: 'error',
      },
    ]);
  });
});

describe('parseDocuments is bounded', () => {
  it('by the length of the text', () => {
    expect(faults('a'.repeat(1_048_577))).toEqual(['0  TOO_LARGE']);
    expect(faults(assignment('a'), 20)).toEqual(['0  TOO_LARGE']);
    expect(faults(' '.repeat(1_048_576))).toEqual([]);
  });

  it('by 500 documents', () => {
    const many = (count: number): string =>
      Array.from({ length: count }, (_, index) => assignment(`a${index}`)).join('---\n');

    expect(parseDocuments(many(500)).documents).toHaveLength(500);
    expect(parseDocuments(many(501))).toEqual({
      documents: [],
      problems: [
        expect.objectContaining({ code: 'TOO_MANY', message: 'at most 500 documents are allowed' }),
      ],
    });
  });

  it('by 1000 problems', () => {
    const ports = Array.from({ length: 2_000 }, () => '{ port: 0 }').join(', ');
    const text = blueprint(
      `{ namespacePolicies: [{ name: a, namespaceSelector: {}, spec: { ingress: [{ ports: [${ports}] }] } }] }`,
    );

    const { problems } = parseDocuments(text);

    expect(problems).toHaveLength(1_000);
    expect(problems.at(-1)).toMatchObject({
      index: 0,
      kind: 'Blueprint',
      name: 'base',
      code: 'TOO_MANY',
      message: '1001 more problems are not listed',
    });
  });
});

describe('parseDocuments refuses YAML', () => {
  it.each([
    ['with NUL', 'a: "\u0000"', 'the text holds a NUL character'],
    [
      'that is cut off',
      'kind: [',
      /^Flow sequence in block collection must be .* at line 1, column 8$/,
    ],
    [
      'with a tab as indentation',
      'a:\n\t- b',
      /^Tabs are not allowed as indentation at line 2, column 1/,
    ],
    ['with an unknown alias', 'a: *b', /^Unresolved alias .*b/],
    [
      'with a key twice',
      'a: 1\nb: 2\na: 3',
      'The key "a" stands there twice, again at line 3, column 1',
    ],
    [
      'with a key twice deep inside',
      'a:\n  - { b: 1, "b": 2 }',
      'The key "b" stands there twice, again at line 2, column 13',
    ],
    ['with a number and a text as one key', '1: a\n"1": b', /^The key "1" stands there twice/],
    [
      'with a list as a key',
      '[a, b]: c',
      'A key must be a text, not a list, map or alias at line 1, column 1',
    ],
    ['with an alias as a key', '&k a: 1\n*k : 2', /^A key must be a text/],
    ['with a date', '!!timestamp 2001-01-01', 'not a text, finite number, boolean, list or map'],
    ['with bytes', 'a: !!binary aGk=', 'not a text, finite number, boolean, list or map'],
    ['with infinity', 'a: .inf', 'not a text, finite number, boolean, list or map'],
    ['with a hidden key', '__proto__: { a: 1 }', 'no field has this name'],
    ['that nests too deep', `a: ${'['.repeat(65)}${']'.repeat(65)}`, 'nested deeper than 64'],
    ['that nests so deep that the parser gives up', '['.repeat(50_000), /^nested too deep/],
    [
      'that nests by indentation',
      Array.from({ length: 1_400 }, (_, index) => `${' '.repeat(index)}a:`).join('\n'),
      /^nested too deep/,
    ],
    ['that nests by dashes', '- '.repeat(50_000), /^nested too deep/],
    ['that holds itself', 'a: &a [*a]', 'nested deeper than 64'],
    ['that holds itself twice at each level', 'a: &a [*a, *a]', /^nested deeper|^more than/],
    ['that repeats aliases without end', `a: &a [x]\nb: [${'*a,'.repeat(200)}]`, /alias/],
    [
      'that doubles with each alias',
      'abcdefghij'
        .split('')
        .map(
          (name, index, all) =>
            `${name}: &${name} [${index === 0 ? 'x' : `*${all[index - 1]},*${all[index - 1]}`}]`,
        )
        .join('\n'),
      /alias/,
    ],
    [
      'that says more with aliases than fits',
      `a: &a [${'1,'.repeat(5_000)}]\nb: [${'*a,'.repeat(90)}]`,
      'more than 250000 values',
    ],
  ])('%s', (_, text, message) => {
    const { documents, problems } = parseDocuments(text);

    expect(documents).toEqual([]);
    expect(problems[0]).toMatchObject({
      index: 0,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it('of one document, and reads the others', () => {
    const { documents, problems } = parseDocuments(
      `a: [\n---\n${assignment('fine')}---\nb: 1\nb: 2`,
    );

    expect(documents.map(({ index, name }) => [index, name])).toEqual([[1, 'fine']]);
    expect(problems.map(({ index, code }) => [index, code])).toEqual([
      [0, 'YAML_INVALID'],
      [2, 'YAML_INVALID'],
    ]);
  });
});

// Each took minutes, or would not end, where time grew with the square of the text. The bound is far above what they take now.
it.each([
  ['many keys', Array.from({ length: 40_000 }, (_, index) => `k${index}: 1`).join('\n')],
  [
    'many unknown fields',
    blueprint(
      `{ ${Array.from({ length: 20_000 }, (_, index) => `includez${index}: 1`).join(', ')} }`,
    ),
  ],
  ['many errors in one line', '!a '.repeat(100_000)],
  [
    'many references',
    blueprint(
      `{ manifests: [${Array.from({ length: 900 }, () => `{ manifest: { apiVersion: '${'${x}'.repeat(200)}' } }`).join(',')}] }`,
    ),
  ],
])('takes no time out of proportion for %s', (_, text) => {
  const startMs = Date.now();

  parseDocuments(text);

  expect(Date.now() - startMs).toBeLessThan(30_000);
});

it('gives documents or problems for any text, and never throws', () => {
  const word = fc.constantFrom(
    'apiVersion: picket.dev/v1alpha1\n',
    'kind: Assignment\n',
    'kind: Blueprint\n',
    'metadata: { name: a }\n',
    'spec:\n',
    '  clusterSelector: {}\n',
    '  blueprint: b\n',
    '---\n',
    '- ',
    '? ',
    ': ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '&a ',
    '*a ',
    '!!int ',
    '!x ',
    '"',
    "'",
    '|\n',
    '>-\n',
    '#',
    '%YAML 1.1\n',
    '\t',
    '\r',
    '\n',
    '  ',
    '<<: ',
    '\\x',
    '\uFEFF',
    '\uD800',
    '😀',
    '${p}',
    '~',
    '0x1',
    '-0',
    '1e999',
  );
  const text = fc.oneof(
    fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, (yaml) => {
      const { documents, problems } = parseDocuments(yaml);

      for (const { index } of [...documents, ...problems]) expect(index).toBeLessThan(500);
    }),
    { numRuns: 2_000 },
  );
});

describe('a NamespacePolicy document', () => {
  const policy = (metadata: string, spec = 'podSelector: {}'): string => `
apiVersion: picket.dev/v1alpha1
kind: NamespacePolicy
metadata: { name: web, ${metadata} }
spec: { ${spec} }
`;

  it('names its claim, and the namespaces of it that it is for', () => {
    const { documents, problems } = parseDocuments(
      `${policy('claim: shop')}---${policy('claim: cart, namespaces: [a, b]')}`,
    );

    expect(problems).toEqual([]);
    expect(documents).toEqual([
      {
        index: 0,
        kind: 'NamespacePolicy',
        name: 'web',
        claim: 'shop',
        namespaces: null,
        spec: { podSelector: {} },
      },
      expect.objectContaining({ index: 1, claim: 'cart', namespaces: ['a', 'b'] }),
    ]);
    expect(documents.map(documentKey)).toEqual([
      'NamespacePolicy/shop/web',
      'NamespacePolicy/cart/web',
    ]);
  });

  it.each([
    [policy('labels: {}'), ['metadata.claim FIELD_REQUIRED', 'metadata.labels FIELD_UNKNOWN']],
    [policy('claim: Shop'), ['metadata.claim FORMAT_WRONG']],
    [policy('claim: shop, namespaces: []'), ['metadata.namespaces TOO_FEW_OR_TOO_SMALL']],
    [policy('claim: shop', 'pods: {}'), ['spec.pods FIELD_UNKNOWN']],
    [
      policy('claim: shop', 'policyTypes: [Ingress], egress: [{}]'),
      ['spec.egress RULES_WITHOUT_EFFECT'],
    ],
    [
      `${policy('claim: shop')}---${policy('claim: shop, namespaces: [a]')}`,
      ['metadata.name DOCUMENT_REPEATED'],
    ],
  ])('tells what is wrong with %s', (yaml, expected) => {
    expect(parseDocuments(yaml).problems.map(({ path, code }) => `${path} ${code}`)).toEqual(
      expected,
    );
  });
});
