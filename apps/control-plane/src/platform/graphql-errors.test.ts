import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@picket/kernel';
import { pino } from 'pino';

import { formatGraphqlErrors, statusOfErrors } from './graphql-errors.ts';

class Taken extends DomainError {
  readonly code = 'TAKEN';
  readonly kind = 'conflict';
}
/** As Mercurius hands them over. */
function wrapped(originalError: unknown, message = 'outer'): Error {
  class GraphQLError extends Error {}
  return Object.assign(new GraphQLError(message), { originalError, path: ['a'] });
}
interface Formatted {
  readonly message: string;
  readonly extensions: { readonly code: string; readonly traceId?: string };
}
function format(error: object): { answer: Formatted[]; log: string } {
  let log = '';
  const logger = pino({ level: 'debug' }, { write: (line: string) => void (log += line) });
  return { answer: formatGraphqlErrors(error, logger) as Formatted[], log };
}

describe('an error on its way out', () => {
  it('keeps code, kind and details of a refusal, and is not worth a log line', () => {
    const { answer, log } = format(wrapped(new Taken('Name is taken', { name: 'x' })));

    expect(answer).toEqual([
      {
        message: 'Name is taken',
        path: ['a'],
        extensions: { code: 'TAKEN', kind: 'conflict', details: { name: 'x' } },
      },
    ]);
    expect(log).toBe('');
  });

  it('says nothing of what went wrong inside, and where to look for it', () => {
    const { answer, log } = format(wrapped(new Error('password=secret at 10.0.0.1')));

    const { traceId } = answer[0]!.extensions;
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(answer[0]).toMatchObject({ extensions: { code: 'INTERNAL' } });
    expect(JSON.parse(log)).toMatchObject({ traceId, error: expect.stringContaining('secret') });
  });

  it.each([
    ['22P02', 'invalid input syntax for type uuid: "x"', 'ID_INVALID'],
    ['22P02', 'invalid input syntax for type json', 'INTERNAL'],
    ['22021', 'invalid byte sequence for encoding "UTF8": 0x00', 'TEXT_INVALID'],
    ['22P05', 'unsupported Unicode escape sequence', 'TEXT_INVALID'],
    ['ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:5432', 'UNAVAILABLE'],
    ['57P01', 'terminating connection due to administrator command', 'UNAVAILABLE'],
    ['23505', 'duplicate key value', 'INTERNAL'],
  ])('of PostgreSQL, %s (%s), is %s', (code, message, expected) => {
    const { answer } = format(wrapped(Object.assign(new Error(message), { code })));

    expect(answer[0]!.extensions.code).toBe(expected);
    expect(JSON.stringify(answer)).not.toContain('10.0.0.1');
  });

  it('of validation comes apart into the single ones, a hundred at most', () => {
    const errors = Array.from({ length: 500 }, (_, index) => wrapped(undefined, `fault ${index}`));

    const { answer } = format(
      wrapped(Object.assign(new Error('all'), { errors, statusCode: 400 })),
    );

    expect(answer).toHaveLength(100);
    expect(answer[7]).toMatchObject({ message: 'fault 7', extensions: { code: 'BAD_REQUEST' } });
  });

  it('repeats no more than 2,000 characters of what was sent', () => {
    const { answer } = format(wrapped(new Taken('x'.repeat(1_000_000))));

    expect(answer[0]!.message).toHaveLength(2_000);
  });

  it('has status 413 when the body was too large, else 200: clients look at the errors', () => {
    expect(statusOfErrors([wrapped({ statusCode: 413 })])).toBe(413);
    expect(statusOfErrors([wrapped(new Taken('x'))])).toBe(200);
  });
});
