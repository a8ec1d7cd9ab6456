import { describe, expect, it } from '@jest/globals';
import type { Json } from '@picket/kernel';
import * as fc from 'fast-check';

import {
  bindParameters,
  expansionFault,
  ParameterDefinition,
  parameterFaults,
  substitute,
  type ParameterType,
} from './index.ts';

const never = (name: string): never => {
  throw new Error(`unknown ${name}`);
};

describe('parameterFaults', () => {
  it.each<[ParameterType, Json]>([
    ['string', ''],
    ['string', 'x'.repeat(4_096)],
    ['number', -1.5],
    ['boolean', false],
    ['cidr', '10.0.0.0/8'],
    ['cidrList', []],
    ['cidrList', ['10.0.0.0/8', '::/0']],
    ['labelSelector', {}],
    ['labelSelector', { matchLabels: { a: 'b' } }],
  ])('%s takes %j', (type, value) => {
    expect(parameterFaults(type, value, [])).toEqual([]);
  });

  it.each<[ParameterType, Json, string, string]>([
    ['string', 1, 'p', 'TYPE_WRONG'],
    ['string', 'x'.repeat(4_097), 'p', 'TOO_MANY_OR_TOO_LARGE'],
    ['number', '1', 'p', 'TYPE_WRONG'],
    ['boolean', 'true', 'p', 'TYPE_WRONG'],
    ['cidr', '10.0.0.0', 'p', 'CIDR_INVALID'],
    ['cidr', ['10.0.0.0/8'], 'p', 'TYPE_WRONG'],
    ['cidrList', '10.0.0.0/8', 'p', 'TYPE_WRONG'],
    ['cidrList', ['10.0.0.0/8', 'x'], 'p[1]', 'CIDR_INVALID'],
    ['labelSelector', { a: 'b' }, 'p.a', 'FIELD_UNKNOWN'],
    ['labelSelector', null, 'p', 'TYPE_WRONG'],
  ])('%s refuses %j', (type, value, path, code) => {
    expect(parameterFaults(type, value, ['p'])).toEqual([expect.objectContaining({ path, code })]);
  });
});

describe('ParameterDefinition', () => {
  it.each(['a', 'A_1', 'constructor'])('may be called %s', (name) => {
    expect(ParameterDefinition.safeParse({ name, type: 'string' }).success).toBe(true);
  });

  it.each(['', '1a', '_a', 'a-b', 'a b', '__proto__', 'x'.repeat(64)])(
    'may not be called %j',
    (name) => {
      expect(ParameterDefinition.safeParse({ name, type: 'string' }).success).toBe(false);
    },
  );
});

describe('bindParameters', () => {
  const definitions = [
    { name: 'region', type: 'string' as const, default: 'eu' },
    { name: 'port', type: 'number' as const, required: true },
    { name: 'open', type: 'boolean' as const },
  ];

  it('takes what is given and else the default', () => {
    expect(bindParameters(definitions, { port: 80, open: false }, [])).toEqual({
      values: { region: 'eu', port: 80, open: false },
      problems: [],
    });
  });

  it('tells every problem at once', () => {
    const { problems } = bindParameters(definitions, { port: '80', ports: 1 }, [
      'assignments',
      'a',
    ]);

    expect(problems).toEqual([
      expect.objectContaining({
        path: 'assignments.a.ports',
        code: 'PARAMETER_UNKNOWN',
        allowed: 'region, port, open',
      }),
      expect.objectContaining({ path: 'assignments.a.port', code: 'TYPE_WRONG' }),
      expect.objectContaining({
        path: 'assignments.a.open',
        code: 'PARAMETER_MISSING',
        message: 'this parameter has no default, so a value is needed',
      }),
    ]);
    expect(bindParameters(definitions, { open: true }, []).problems).toEqual([
      expect.objectContaining({ path: 'port', message: 'this parameter is required' }),
    ]);
    expect(bindParameters([], { a: 1 }, []).problems[0]?.allowed).toBe('none');
  });

  it('does not take for given what every object inherits', () => {
    const constructor = { name: 'constructor', type: 'string' as const };

    expect(bindParameters([constructor], {}, []).problems).toHaveLength(1);
  });
});

describe('substitute', () => {
  const values = { name: 'web', port: 80, nets: ['10.0.0.0/8', '::/0'], all: {}, off: false };

  it.each<[string, Json, Json]>([
    [
      'a whole value keeps its type',
      { port: '${port}', off: '${off}', all: '${all}' },
      { port: 80, off: false, all: {} },
    ],
    ['inside a text its text is put', 'allow-${name}-${port}-${off}', 'allow-web-80-false'],
    [
      'a list as an item of a list spreads',
      ['${nets}', '192.0.2.0/24'],
      ['10.0.0.0/8', '::/0', '192.0.2.0/24'],
    ],
    [
      'a list as a member stays a list',
      { networks: '${nets}' },
      { networks: ['10.0.0.0/8', '::/0'] },
    ],
    ['a written list does not spread', [['a'], 'b'], [['a'], 'b']],
    ['a list inside a text is its JSON', 'x${nets}', 'x["10.0.0.0/8","::/0"]'],
    ['$${ stands for ${ itself', '$${name}', '${name}'],
    ['$${ works inside a text', 'a$${b}c-${name}', 'a${b}c-web'],
    ['$ before $${ stays', '$$${name}', '$${name}'],
    ['a lone $ stays', 'a$b ${', 'a$b ${'],
    ['keys are left alone', { '${name}': 1 }, { '${name}': 1 }],
    ['other values are left alone', [1, true, null], [1, true, null]],
  ])('%s', (_, value, expected) => {
    expect(substitute(value, values, never)).toEqual(expected);
  });

  it('does not read what it put in a second time', () => {
    expect(substitute(['${a}', 'x-${a}'], { a: '${b}', b: 'no' }, never)).toEqual([
      '${b}',
      'x-${b}',
    ]);
  });

  it('tells unknown names with their path and leaves them', () => {
    const unknown: unknown[] = [];
    const value = { spec: { to: ['${x}', '${name}-${y}', '${}', '${constructor}'] } };

    const replaced = substitute(value, values, (name, path) => unknown.push([name, path]));

    expect(replaced).toEqual({ spec: { to: ['${x}', 'web-${y}', '${}', '${constructor}'] } });
    expect(unknown).toEqual([
      ['x', ['spec', 'to', 0]],
      ['y', ['spec', 'to', 1]],
      ['', ['spec', 'to', 2]],
      ['constructor', ['spec', 'to', 3]],
    ]);
  });

  it('leaves every value without a $ as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (drawn) => {
        const value = JSON.parse(JSON.stringify(drawn).replaceAll('$', '')) as Json;

        expect(substitute(value, values, never)).toEqual(value);
      }),
    );
  });

  it('gives any text back when each $ of ${ is doubled', () => {
    const text = fc.string({ unit: fc.constantFrom('$', '{', '}', 'a', '${a}') });
    fc.assert(
      fc.property(text, (value) => {
        const escaped = value.replaceAll('${', '$$${');

        expect(substitute(escaped, values, never)).toBe(value);
      }),
    );
  });

  it('puts null for a member that is undefined', () => {
    expect(substitute({ a: undefined }, {}, never)).toEqual({ a: null });
  });
});

describe('expansionFault', () => {
  const long = 'x'.repeat(4_000);

  it('allows what stays within 4 Mi characters', () => {
    expect(
      expansionFault(
        Array.from({ length: 1_000 }, () => '${a}'),
        { a: long },
        [],
      ),
    ).toBeUndefined();
    expect(expansionFault({ a: [1, null, true, '$${a}'], b: undefined }, {}, [])).toBeUndefined();
  });

  it.each<[string, Json]>([
    ['many texts', Array.from({ length: 1_100 }, () => '${a}')],
    ['one text with many references', '${a}'.repeat(1_100)],
    [
      'members',
      Object.fromEntries(Array.from({ length: 1_100 }, (_, index) => [`k${index}`, 'b${a}'])),
    ],
  ])('refuses %s that would grow beyond it, before they do', (_, value) => {
    expect(expansionFault(value, { a: long }, ['spec'])).toMatchObject({
      path: 'spec',
      code: 'TOO_LARGE',
    });
  });
});
