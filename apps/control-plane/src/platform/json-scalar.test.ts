import { describe, expect, it } from '@jest/globals';

import { JsonScalar } from './json-scalar.ts';

const scalar = new JsonScalar();
const field = (name: string, value: object): object => ({ name: { value: name }, value });

describe('a JSON literal in a query', () => {
  it('is read as the JSON it looks like', () => {
    const node = {
      kind: 'ObjectValue',
      fields: [
        field('n', { kind: 'IntValue', value: '7' }),
        field('f', { kind: 'FloatValue', value: '1.5' }),
        field('s', { kind: 'StringValue', value: '7' }),
        field('b', { kind: 'BooleanValue', value: true }),
        field('z', { kind: 'NullValue' }),
        field('l', { kind: 'ListValue', values: [{ kind: 'EnumValue', value: 'X' }] }),
      ],
    };

    expect(scalar.parseLiteral(node)).toEqual({ n: 7, f: 1.5, s: '7', b: true, z: null, l: ['X'] });
  });

  it.each([
    [
      'a key that JavaScript reads',
      { kind: 'ObjectValue', fields: [field('__proto__', { kind: 'NullValue' })] },
    ],
    ['a number beyond every bound', { kind: 'FloatValue', value: '1e999' }],
    ['a whole number that loses digits', { kind: 'IntValue', value: '12345678901234567890' }],
  ])('is refused when it cannot be kept: %s', (_what, node) => {
    expect(() => scalar.parseLiteral(node)).toThrow(
      expect.objectContaining({ code: 'JSON_INVALID' }),
    );
  });
});

describe('a JSON variable', () => {
  it('is refused with the place of what cannot be kept', () => {
    expect(() => scalar.parseValue({ a: [{ b: '\u0000' }] })).toThrow(
      'a[0].b: the text holds a NUL',
    );
  });
});
