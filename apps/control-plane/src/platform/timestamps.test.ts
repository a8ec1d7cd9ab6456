import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';

import { timestampOf } from './timestamps.ts';

const pgParse = pg.types.getTypeParser(1184) as (text: string) => unknown;

const two = (number: number): string => String(number).padStart(2, '0');
const texts = fc
  .record({
    year: fc.integer({ min: 1, max: 9_999 }),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 28 }),
    hour: fc.nat(23),
    minute: fc.nat(59),
    second: fc.nat(59),
    fraction: fc.constantFrom('', '.1', '.12', '.123', '.1234', '.999999', '.000001'),
    zone: fc.constantFrom('+00', '+02', '-03', '+05:30', '-09:30', '+14'),
  })
  .map(
    ({ year, month, day, hour, minute, second, fraction, zone }) =>
      `${String(year).padStart(4, '0')}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}${fraction}${zone}`,
  );

it('reads every timestamp as pg does', () => {
  fc.assert(fc.property(texts, (text) => expect(timestampOf(text)).toEqual(pgParse(text))));
});

it.each([
  'infinity',
  '-infinity',
  '12026-01-01 00:00:00+00',
  '0044-03-15 12:00:00+00 BC',
  '1880-01-01 00:00:00+00:19:32',
])('leaves %s to pg', (text) => {
  expect(timestampOf(text)).toEqual(pgParse(text));
});
