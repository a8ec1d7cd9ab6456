import { describe, expect, it } from '@jest/globals';
import type { Blueprint, ParameterValues } from '@picket/policy';

import { expand } from './index.ts';

type Include = NonNullable<Blueprint['includes']>[number];
const include = (blueprint: string, parameters?: Include['parameters'], version = 1): Include => ({
  blueprint,
  version,
  ...(parameters && { parameters }),
});
const policies = (...names: string[]): Blueprint => ({
  clusterPolicies: names.map((name, index) => ({
    name,
    spec: { tier: 'Admin', priority: index + 1, subject: { namespaces: {} } },
  })),
});
const string = (name: string, fallback?: string): NonNullable<Blueprint['parameters']>[number] => ({
  name,
  type: 'string',
  ...(fallback !== undefined && { default: fallback }),
});

function expanded(
  document: Blueprint,
  includes: Record<string, Blueprint> = {},
  given: ParameterValues = {},
): { names: string[]; problems: string[] } {
  const root = { blueprint: 'root', version: 1, document };
  const { versions, problems } = expand(root, given, includes, ['a']);
  return {
    names: versions.flatMap((version) => [
      `${version.blueprint}@${version.version}`,
      ...(version.document.clusterPolicies ?? []).map(({ name }) => `  ${name}`),
    ]),
    problems: problems.map(({ path, code }) => `${path} ${code}`),
  };
}

describe('expand', () => {
  it('gives a version alone, with its parameters in place', () => {
    const document = { parameters: [string('p', 'x'), string('q')], ...policies('deny-${p}-${q}') };

    expect(expanded(document, {}, { q: 'y' })).toEqual({
      names: ['root@1', '  deny-x-y'],
      problems: [],
    });
  });

  it('follows includes, depth first', () => {
    const includes = {
      'a@1': { includes: [include('b', undefined, 2)], ...policies('of-a') },
      'b@2': policies('of-b'),
      'c@1': policies('of-c'),
    };

    expect(expanded({ includes: [include('a'), include('c')] }, includes)).toEqual({
      names: ['root@1', 'a@1', '  of-a', 'b@2', '  of-b', 'c@1', '  of-c'],
      problems: [],
    });
  });

  it('hands parameters down, level by level', () => {
    const includes = {
      'a@1': { parameters: [string('p')], includes: [include('b', { q: '${p}-b', r: '$${p}' })] },
      'b@1': { parameters: [string('q'), string('r')], ...policies('${q}') },
    };
    const root = { parameters: [string('p')], includes: [include('a', { p: '${p}-a' })] };

    expect(expanded(root, includes, { p: 'x' })).toEqual({
      names: ['root@1', 'a@1', 'b@1', '  x-a-b'],
      problems: [],
    });
  });

  it('counts the same version with the same values once, with others again', () => {
    const a: Blueprint = {
      parameters: [string('p', 'x'), string('q', 'y')],
      ...policies('${p}-${q}'),
    };
    const includes = [include('a'), include('a', { q: 'y', p: 'x' }), include('a', { p: 'z' })];

    expect(expanded({ includes }, { 'a@1': a })).toEqual({
      names: ['root@1', 'a@1', '  x-y', 'a@1', '  z-y'],
      problems: [],
    });
  });

  it.each<[string, Record<string, Blueprint>, Include[], string]>([
    ['itself', { 'root@1': {} }, [include('root')], 'a.includes[0] INCLUDE_CYCLE'],
    [
      'itself at another version',
      { 'root@2': {} },
      [include('root', undefined, 2)],
      'a.includes[0] INCLUDE_CYCLE',
    ],
    [
      'itself through another',
      { 'b@1': { includes: [include('root')] }, 'root@1': {} },
      [include('b')],
      'a.includes[0].includes[0] INCLUDE_CYCLE',
    ],
    ['what is not there', {}, [include('b')], 'a.includes[0] INCLUDE_MISSING'],
    [
      'another version than there is',
      { 'b@1': {} },
      [include('b', undefined, 2)],
      'a.includes[0] INCLUDE_MISSING',
    ],
    [
      'one without what it needs',
      { 'b@1': { parameters: [string('p')] } },
      [include('b')],
      'a.includes[0].parameters.p PARAMETER_MISSING',
    ],
    [
      'one with what it does not know',
      { 'b@1': {} },
      [include('b', { p: 1 })],
      'a.includes[0].parameters.p PARAMETER_UNKNOWN',
    ],
    [
      'one with a wrong type',
      { 'b@1': { parameters: [string('p')] } },
      [include('b', { p: 1 })],
      'a.includes[0].parameters.p TYPE_WRONG',
    ],
  ])('refuses a blueprint that includes %s', (_, includes, included, expected) => {
    expect(expanded({ includes: included }, includes).problems).toEqual([expected]);
  });

  it('shows the way of a cycle', () => {
    const root = { blueprint: 'root', version: 3, document: { includes: [include('b')] } };
    const { problems } = expand(
      root,
      {},
      { 'b@1': { includes: [include('root')] }, 'root@1': {} },
      [],
    );

    expect(problems.map(({ message }) => message)).toEqual([
      'includes form a cycle: root@3 → b@1 → root@1',
    ]);
  });

  it('tells a wrong parameter again for each include that gives it', () => {
    const a: Blueprint = { parameters: [string('p', 'x')] };

    expect(
      expanded({ includes: [include('a'), include('a', { typo: 1 })] }, { 'a@1': a }).problems,
    ).toEqual(['a.includes[1].parameters.typo PARAMETER_UNKNOWN']);
  });

  it('checks entries with the values that they get', () => {
    const document: Blueprint = {
      parameters: [{ name: 'p', type: 'number' }],
      clusterPolicies: [
        { name: 'a', spec: { tier: 'Admin', priority: '${p}', subject: { namespaces: {} } } },
      ],
    };

    expect(expanded(document, {}, { p: 7 }).problems).toEqual([]);
    expect(expanded(document, {}, { p: 0 }).problems).toEqual([
      'a.clusterPolicies[0].spec.priority PRIORITY_RESERVED',
    ]);
    expect(expanded(document, {}, { p: 7_000 }).problems).toEqual([
      'a.clusterPolicies[0].spec.priority TOO_MANY_OR_TOO_LARGE',
    ]);
  });

  it('stops at 200 versions', () => {
    const wide = (level: number): Blueprint => ({
      parameters: [string('p', '')],
      includes: Array.from({ length: 20 }, (_, index) =>
        include(`b${level + 1}`, { p: `\${p}${index}.` }),
      ),
    });
    const includes = { 'b1@1': wide(1), 'b2@1': wide(2), 'b3@1': { parameters: [string('p')] } };

    const { names, problems } = expanded(wide(0), includes);

    expect(names).toHaveLength(200);
    expect(new Set(problems.map((problem) => problem.split(' ')[1]))).toEqual(
      new Set(['INCLUDE_TOO_MANY']),
    );
  });

  it('does not follow values that grow from level to level', () => {
    const levels = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [
        `b${index}@1`,
        { parameters: [string('p')], includes: [include(`b${index + 1}`, { p: '${p}${p}' })] },
      ]),
    );

    expect(expanded({ includes: [include('b0', { p: 'x' })] }, levels).problems).toEqual([
      expect.stringMatching(/includes\[0\]\.parameters\.p TOO_MANY_OR_TOO_LARGE$/),
    ]);
  });

  it('does not put in values that would make the document too large', () => {
    const document: Blueprint = {
      parameters: [string('p')],
      manifests: Array.from({ length: 1_000 }, () => ({ manifest: { a: '${p}${p}' } })),
    };

    expect(expanded(document, {}, { p: 'x'.repeat(4_000) })).toEqual({
      names: [],
      problems: ['a TOO_LARGE'],
    });
  });
});
