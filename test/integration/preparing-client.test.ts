import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { PreparingClient } from '../../apps/control-plane/src/platform/preparing-client.ts';
import { createTestDatabase, type TestDatabase } from '../support/services/test-database.ts';

let database: TestDatabase;
let client: PreparingClient;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new PreparingClient({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

const prepared = async (like: string): Promise<number> => {
  const { rows } = await client.query(
    `SELECT count(*)::int AS count FROM pg_prepared_statements WHERE statement LIKE '${like}'`,
  );
  return rows[0].count;
};

it('prepares a statement once it is asked often, and answers the same', async () => {
  const ask = async (): Promise<unknown> =>
    (await client.query('SELECT $1::int + 1 AS often', [41])).rows;
  const first = await ask();
  const before = await prepared('%often');

  for (let times = 0; times < 30; times++) await ask();

  expect([before, await prepared('%often')]).toEqual([0, 1]);
  expect([first, await ask()]).toEqual([[{ often: 42 }], [{ often: 42 }]]);
});

it('prepares nothing without parameters, such as a transaction’s begin', async () => {
  for (let times = 0; times < 30; times++) await client.query('SELECT 1 AS bare');

  expect(await prepared('%bare')).toBe(0);
});

it('does not fill the server, however many statements there are', async () => {
  for (let number = 0; number < 150; number++)
    for (let times = 0; times < 21; times++)
      await client.query(`SELECT $1::int AS many_${number}`, [times]);

  expect(await prepared('%many%')).toBeLessThanOrEqual(100);
});
