import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type LabelExpression, matchesLabels } from '@picket/selector';
import fc from 'fast-check';
import pg from 'pg';

import { selectorSql } from '../../apps/control-plane/src/platform/selector-sql.ts';
import { createTestDatabase, type TestDatabase } from '../support/services/test-database.ts';

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

// Few keys and values, so that selectors and labels meet.
const key = fc.constantFrom('tier', 'a.b/c', 'x', '__proto', 'constructor');
const value = fc.constantFrom('', 'a', 'prod', 'v-1', 'null', '0');
const labels = fc.dictionary(key, value, { noNullPrototype: true });
const expression: fc.Arbitrary<LabelExpression> = fc.oneof(
  fc.record({
    key,
    operator: fc.constantFrom('In' as const, 'NotIn' as const),
    values: fc.array(value, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ key, operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const) }),
);
const selector = fc.record({
  matchLabels: fc.option(labels, { nil: undefined }),
  matchExpressions: fc.option(fc.array(expression, { maxLength: 4 }), { nil: undefined }),
});

it('picks in SQL exactly what matchesLabels picks', async () => {
  await fc.assert(
    fc.asyncProperty(
      selector,
      fc.array(labels, { minLength: 1, maxLength: 20 }),
      async (by, all) => {
        const values: unknown[] = [JSON.stringify(all)];
        const condition = selectorSql(by, 'labels', values);

        const { rows } = await client.query(
          `SELECT ${condition} AS picked FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t (labels, n) ORDER BY n`,
          values,
        );

        expect(rows.map(({ picked }) => picked)).toEqual(all.map((one) => matchesLabels(by, one)));
      },
    ),
    { numRuns: 300 },
  );
});
