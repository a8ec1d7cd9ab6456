import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { always, problemsOf, strict } from './problems-of.ts';

function problems(schema: z.ZodType, value: unknown): object[] {
  const { error } = schema.safeParse(value);
  return error
    ? problemsOf(error, ['spec']).map(({ path, code, message }) => ({ path, code, message }))
    : [];
}

describe('strict', () => {
  const schema = strict({ ingress: z.number().optional(), egress: z.number().optional() });

  it.each([
    ['ingres', 'ingress'],
    ['Ingress', 'ingress'],
    ['egresss', 'egress'],
    ['egressRules', 'egress'],
  ])('suggests for %s the nearest field', (field, meant) => {
    expect(problems(schema, { [field]: 1 })).toEqual([
      {
        path: `spec.${field}`,
        code: 'FIELD_UNKNOWN',
        message: `unknown field (did you mean ${meant}?); allowed: ingress, egress`,
      },
    ]);
  });

  it('suggests nothing when nothing is near', () => {
    expect(problems(schema, { subject: 1 })).toEqual([
      {
        path: 'spec.subject',
        code: 'FIELD_UNKNOWN',
        message: 'unknown field; allowed: ingress, egress',
      },
    ]);
  });

  it('tells each unknown field by its path, and of very many only how many', () => {
    const some = problems(schema, { x: 1, yy: 2 });
    const many = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, index) => [`ingress${index}`, 1]),
    );
    const told = problems(schema, many);

    expect(some).toHaveLength(2);
    expect(told).toHaveLength(101);
    expect(told.at(-1)).toMatchObject({
      path: 'spec',
      message: '4900 more unknown fields are not listed',
    });
  });
});

describe('always', () => {
  const schema = strict({ a: z.number(), b: z.number() }).check(
    always(({ a, b }, context) => {
      if (a === b) context.addIssue({ code: 'custom', message: 'equal' });
    }),
  );

  it('asks its rule beside the faults of the parts', () => {
    expect(problems(schema, { a: 'x', b: 'x' })).toEqual([
      expect.objectContaining({ path: 'spec.a', code: 'TYPE_WRONG' }),
      expect.objectContaining({ path: 'spec.b', code: 'TYPE_WRONG' }),
      { path: 'spec', code: 'VALUE_INVALID', message: 'equal' },
    ]);
  });

  it.each([[null], ['text'], [7], [undefined]])('does not ask it of %p', (value) => {
    expect(problems(schema, value)).toHaveLength(1);
  });
});

describe('problemsOf', () => {
  it.each([
    ['a missing field', strict({ a: z.string() }), {}, 'spec.a', 'FIELD_REQUIRED'],
    ['a wrong type', strict({ a: z.string() }), { a: 1 }, 'spec.a', 'TYPE_WRONG'],
    ['a value that is not in the list', z.enum(['a']), 'b', 'spec', 'VALUE_NOT_ALLOWED'],
    ['too much', z.string().max(1), 'ab', 'spec', 'TOO_MANY_OR_TOO_LARGE'],
    ['too little', z.array(z.string()).min(1), [], 'spec', 'TOO_FEW_OR_TOO_SMALL'],
    ['a wrong form', z.string().regex(/a/), 'b', 'spec', 'FORMAT_WRONG'],
    ['a multiple', z.number().multipleOf(2), 3, 'spec', 'VALUE_INVALID'],
    [
      'a rule with a code',
      z.string().refine(() => false, { params: { code: 'ODD' } }),
      'b',
      'spec',
      'ODD',
    ],
    [
      'a rule with a code that is none',
      z.string().refine(() => false, { params: { code: 7 } }),
      'b',
      'spec',
      'VALUE_INVALID',
    ],
    ['a rule without a code', z.string().refine(() => false), 'b', 'spec', 'VALUE_INVALID'],
    [
      'the nearest branch of a union',
      z.union([strict({ a: z.string(), b: z.string() }), strict({ a: z.string() })]),
      { a: 1 },
      'spec.a',
      'TYPE_WRONG',
    ],
    ['a union without branches', z.union([]), 'b', 'spec', 'VALUE_NOT_ALLOWED'],
  ])('names %s', (_, schema, value, path, code) => {
    expect(problems(schema, value)).toEqual([expect.objectContaining({ path, code })]);
  });
});
