import { expect, it } from '@jest/globals';

import { secretsIn } from './kept-logs.js';

const RANDOM = 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE';

it.each([
  ['an API or join token', `{"token":"picket_${RANDOM}"}`],
  ['an API or join token', `joined with picket_join_${RANDOM}`],
  ['a signed token (JWT)', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.${RANDOM}`],
  ['a private key', '-----BEGIN PRIVATE KEY-----'],
  ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
  ['a password in a URL', 'postgres://picket:hunter2@db:5432/picket'],
  ['a password in a URL', 'redis://:hunter2@redis'],
  ['an Authorization header', `authorization: Bearer ${RANDOM}`],
])('finds %s', (what, line) => {
  expect(secretsIn(line).some((found) => found.startsWith(what))).toBe(true);
});

it.each([
  '{"level":30,"time":"2026-01-01T00:00:00.000Z","msg":"migrations applied"}',
  'postgres://picket@127.0.0.1:5432/picket',
  'http://127.0.0.1:8443/graphql',
  'Give an API token: Authorization: Bearer picket_…',
  'the queue picket_jobs is unreachable',
])('lets pass: %s', (line) => {
  expect(secretsIn(line)).toEqual([]);
});
