import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';

import {
  abilityFor,
  abilitySql,
  type Held,
  type Instance,
  mayDo,
} from '../../apps/control-plane/src/access/ability.ts';
import {
  ACTIONS,
  PERMISSIONS,
  ROLES,
  THINGS,
} from '../../apps/control-plane/src/access/permissions.ts';
import type { Scope } from '../../apps/control-plane/src/access/scope.ts';
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

// Few of each, so that what is held and what is there meet.
const id = fc.constantFrom(
  '00000000-0000-4000-8000-000000000001',
  '00000000-0000-4000-8000-000000000002',
);
const labels = fc.dictionary(fc.constantFrom('tier', 'a.b/c'), fc.constantFrom('prod', 'dev'), {
  noNullPrototype: true,
});
const scope: fc.Arbitrary<Scope> = fc.oneof(
  fc.record({ kind: fc.constant('organization' as const) }),
  fc.record({ kind: fc.constant('project' as const), projectId: id }),
  fc.record({
    kind: fc.constant('clusters' as const),
    projectId: fc.option(id),
    selector: fc.record({ matchLabels: labels }),
  }),
);
const held: fc.Arbitrary<Held> = fc.record({
  permissions: fc.oneof(fc.constantFrom(...Object.values(ROLES)), fc.subarray([...PERMISSIONS])),
  scope,
});
const instance: fc.Arbitrary<Instance> = fc.record(
  { organizationId: id, projectId: id, labels },
  { requiredKeys: ['organizationId', 'labels'] }, // labels are never null in a table
);

it('allows in SQL exactly what it allows in memory', async () => {
  await fc.assert(
    fc.asyncProperty(
      id,
      fc.array(held, { maxLength: 4 }),
      fc.array(instance, { minLength: 1, maxLength: 20 }),
      fc.constantFrom(...THINGS),
      fc.constantFrom(...ACTIONS),
      async (organizationId, roles, all, thing, action) => {
        const ability = abilityFor(organizationId, roles);
        const columns = { organizationId: 'o', projectId: 'p', labels: 'l' };
        const values: unknown[] = [JSON.stringify(all)];
        const condition = abilitySql(ability, action, thing, columns, values);

        const { rows } = await client.query(
          `SELECT coalesce(${condition}, false) AS allowed FROM (
             SELECT (t->>'organizationId')::uuid AS o, (t->>'projectId')::uuid AS p, t->'labels' AS l, n
             FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t (t, n)
           ) AS t ORDER BY n`,
          values,
        );

        expect(rows.map(({ allowed }) => allowed)).toEqual(
          all.map((one) => mayDo(ability, action, thing, one)),
        );
      },
    ),
    { numRuns: 500 },
  );
});

it('allows nothing where the rows lack what a rule speaks of', async () => {
  const ability = abilityFor('00000000-0000-4000-8000-000000000001', [
    {
      permissions: ['Cluster:read'],
      scope: { kind: 'clusters', projectId: null, selector: { matchLabels: { tier: 'prod' } } },
    },
  ]);

  const values: unknown[] = [];
  const condition = abilitySql(ability, 'read', 'Cluster', { organizationId: 'o' }, values);

  const { rows } = await client.query(
    `SELECT ${condition} AS allowed FROM (SELECT $1::uuid AS o) AS t`,
    values,
  );
  expect(rows).toEqual([{ allowed: false }]);
  expect(abilitySql(abilityFor('o', []), 'read', 'Cluster', { organizationId: 'o' }, [])).toBe(
    'false',
  );
});
