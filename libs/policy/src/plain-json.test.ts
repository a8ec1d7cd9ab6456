import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { plainJsonFault } from './plain-json.ts';

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let index = 0; index < depth; index++) value = index % 2 ? [value] : { a: value };
  return value;
}

describe('plainJsonFault', () => {
  it('has nothing to say of JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(plainJsonFault(JSON.parse(JSON.stringify(value)), [])).toBeUndefined();
      }),
    );
  });

  it.each([
    ['undefined', undefined, 'spec'],
    ['NaN', { a: Number.NaN }, 'spec.a'],
    ['infinity', [1, Number.POSITIVE_INFINITY], 'spec[1]'],
    ['a date', { a: [{ b: new Date(0) }] }, 'spec.a[0].b'],
    ['bytes', { a: new Uint8Array(2) }, 'spec.a'],
    ['a set', new Set(['a']), 'spec'],
    ['a function', { a: () => 1 }, 'spec.a'],
    ['a bigint', 1n, 'spec'],
  ])('names %s and where it is', (_, value, path) => {
    expect(plainJsonFault(value, ['spec'])).toEqual({
      path,
      code: 'TYPE_WRONG',
      message: 'not a text, finite number, boolean, list or map',
      severity: 'error',
    });
  });

  it('refuses the one key that copying would drop', () => {
    const value: unknown = JSON.parse('{"a":[{"__proto__":{"b":1}}]}');

    expect(plainJsonFault(value, ['spec'])).toMatchObject({
      path: 'spec.a[0].__proto__',
      code: 'FIELD_UNKNOWN',
    });
  });

  it('takes objects without a prototype', () => {
    expect(plainJsonFault(Object.assign(Object.create(null), { a: 1 }), [])).toBeUndefined();
  });

  it('allows depth 64', () => {
    expect(plainJsonFault(nested(64), [])).toBeUndefined();
    expect(plainJsonFault(nested(65), [])).toMatchObject({
      code: 'TOO_LARGE',
      message: 'nested deeper than 64',
    });
    expect(plainJsonFault(nested(100_000), [])).toMatchObject({ code: 'TOO_LARGE' });
  });

  it('ends for an object that holds itself, twice at each level', () => {
    const circle: unknown[] = [];
    circle.push(circle, circle);

    expect(plainJsonFault(circle, [])).toMatchObject({ code: 'TOO_LARGE' });
  });

  it('counts what is shared as often as it would be written', () => {
    const shared = Array.from({ length: 1_000 }, () => 1);

    expect(
      plainJsonFault(
        Array.from({ length: 249 }, () => shared),
        [],
      ),
    ).toBeUndefined();
    expect(
      plainJsonFault(
        Array.from({ length: 250 }, () => shared),
        [],
      ),
    ).toMatchObject({
      message: 'more than 250000 values',
    });
  });
});
