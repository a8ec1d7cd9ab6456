import { expect, it } from '@jest/globals';

import { redacted, redactedText } from './index.ts';

it.each([
  ['a token', `Bearer picket_${'a'.repeat(43)} was lost`, 'Bearer [secret] was lost'],
  ['a join token', `picket_join_${'b-_'.repeat(14)}`, '[secret]'],
  [
    'a private key',
    'key: -----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----.',
    'key: [secret].',
  ],
  ['half a private key', '-----BEGIN EC PRIVATE KEY-----\nMC4C', '[secret]'],
  ['a JWT', 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2ln', '[secret]'],
  ['a password in a URL', 'postgres://hub:hunter2@db/picket', 'postgres://hub:[secret]@db/picket'],
])('hides %s', (_, text, hidden) => {
  expect(redactedText(text)).toBe(hidden);
  expect(redacted({ why: [text] })).toEqual({ why: [hidden] });
});

it('hides what stands under the name of a secret', () => {
  expect(redacted({ secret: 'a', joinToken: { x: 1 }, name: 'b', password: 1 })).toEqual({
    secret: '[secret]',
    joinToken: '[secret]',
    name: 'b',
    password: '[secret]',
  });
});

it('leaves alone what is no secret', () => {
  const text = 'see https://example.com:8443/picket_docs, mail to a@b.c, eyJ, key-----BEGIN';

  expect(redactedText(text)).toBe(text);
});

it('makes a text that can be kept', () => {
  expect(redactedText('a\0b\ud800')).toBe('a\ufffdb\ufffd');
});

it('is quick with texts that are made to be slow', () => {
  const hostile = ['eyJ-', '-----BEGIN A', '://a:', 'picket_'].map((part) =>
    part.repeat(2_000_000 / part.length),
  );

  for (const text of hostile) expect(redactedText(text).length).toBeGreaterThan(0);
});
