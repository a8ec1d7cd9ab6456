import { randomUUID } from 'node:crypto';

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
import type { Claim, Reach, Scope } from '../../apps/control-plane/src/access/scope.ts';
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

const selectorIds: Record<string, string> = {};
// Few of each, so that what is held and what is there meet.
const id = fc.constantFrom(
  '00000000-0000-4000-8000-000000000001',
  '00000000-0000-4000-8000-000000000002',
);
const labels = fc.dictionary(fc.constantFrom('tier', 'a.b/c'), fc.constantFrom('prod', 'dev'), {
  noNullPrototype: true,
});
/** What the hub keeps for each selector that claims have: here those over `tier`, of one project or of all. */
const reach: fc.Arbitrary<Reach> = fc
  .record({ projectId: fc.option(id), tier: fc.constantFrom('prod', 'dev') })
  .map(({ projectId, tier }) => ({
    selectorId: (selectorIds[`${projectId} ${tier}`] ??= randomUUID()),
    projectId,
    selector: { matchLabels: { tier } },
  }));
/** As many more, which pick nothing, as make another statement of it. */
const IDLE = Array.from({ length: 100 }, (_, n) => ({
  id: randomUUID(),
  name: `idle-${n}`,
  projectId: randomUUID(),
  reach: { selectorId: randomUUID(), projectId: randomUUID(), selector: {} },
}));
const claim: fc.Arbitrary<Claim> = fc.record({
  id,
  name: fc.constant('ours'),
  projectId: id,
  reach,
});
const scope: fc.Arbitrary<Scope> = fc.oneof(
  fc.record({ kind: fc.constant('organization' as const) }),
  fc.record({
    kind: fc.constant('project' as const),
    projectId: id,
    claims: fc
      .tuple(fc.array(claim, { maxLength: 2 }), fc.boolean())
      .map(([few, many]) => (many ? [...few, ...IDLE] : few)),
  }),
  fc.record({ kind: fc.constant('claim' as const), claim }),
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
  { organizationId: id, projectId: id, labels, claimId: id, sharedWith: fc.array(id) },
  { requiredKeys: ['organizationId', 'labels', 'sharedWith'] }, // never null in a table
);

/** What `selected_clusters` has of these clusters. */
function pickedOf(
  rows: readonly (Instance & { clusterId: string })[],
): { selector_id: string; cluster_id: string }[] {
  return Object.entries(selectorIds).flatMap(([key, selectorId]) => {
    const [projectId, tier] = key.split(' ');
    return rows
      .filter(
        (row) =>
          row.labels?.['tier'] === tier && (projectId === 'null' || projectId === row.projectId),
      )
      .map(({ clusterId }) => ({ selector_id: selectorId, cluster_id: clusterId }));
  });
}

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
        const rows = all.map((one) => ({ ...one, clusterId: randomUUID() }));
        const columns = {
          organizationId: 'o',
          projectId: 'p',
          labels: 'l',
          claimId: 'm',
          sharedWith: 's',
          clusterId: 'c',
        };
        const values: unknown[] = [JSON.stringify(rows), JSON.stringify(pickedOf(rows))];
        const condition = abilitySql(ability, action, thing, columns, values);

        const answer = await client.query(
          `WITH selected_clusters AS (SELECT * FROM jsonb_to_recordset($2::jsonb) AS s (selector_id uuid, cluster_id uuid))
           SELECT coalesce(${condition}, false) AS allowed FROM (
             SELECT (t->>'organizationId')::uuid AS o, (t->>'projectId')::uuid AS p, t->'labels' AS l, (t->>'claimId')::uuid AS m,
               ARRAY(SELECT jsonb_array_elements_text(t->'sharedWith')::uuid) AS s, (t->>'clusterId')::uuid AS c, n
             FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t (t, n)
           ) AS t ORDER BY n`,
          values,
        );

        expect(answer.rows.map(({ allowed }) => allowed)).toEqual(
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
