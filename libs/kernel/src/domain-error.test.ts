import { expect, it } from '@jest/globals';

import { DomainError } from './index.ts';

class ThingGone extends DomainError {
  readonly code = 'THING_GONE';
  readonly kind = 'notFound';
}

it('is an Error that is named after its fact and carries safe details', () => {
  const error = new ThingGone('Thing 7 is gone', { id: 7 });

  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'ThingGone',
    message: 'Thing 7 is gone',
    code: 'THING_GONE',
    kind: 'notFound',
    details: { id: 7 },
  });
});

it('has no details and no cause unless they are given', () => {
  const reason = new Error('refused');

  expect(new ThingGone('gone').details).toEqual({});
  expect('cause' in new ThingGone('gone')).toBe(false);
  expect(new ThingGone('gone', {}, reason).cause).toBe(reason);
});
