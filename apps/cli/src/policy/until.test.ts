import { expect, it } from '@jest/globals';

import { until } from './until.ts';

it.each([
  ['90m', '1970-01-01T01:30:00.000Z'],
  ['4h', '1970-01-01T04:00:00.000Z'],
  ['2d', '1970-01-03T00:00:00.000Z'],
])('reads %s', (text, expected) => {
  expect(until(text, 0)).toBe(expected);
});

it.each(['', '4', 'h', '-4h', '4 h', '4w', '1.5h', '9999999m'])('refuses %j', (text) => {
  expect(() => until(text, 0)).toThrow('90m, 4h or 2d');
});
