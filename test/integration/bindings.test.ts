import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';

import { bootstrap } from '../../apps/control-plane/src/access/tokens.ts';
import { ClusterRepository } from '../../apps/control-plane/src/clusters/cluster.repository.ts';
import { ProjectRepository } from '../../apps/control-plane/src/clusters/project.repository.ts';
import { loadConfig } from '../../apps/control-plane/src/config/config.ts';
import { createDataSource, type Sql } from '../../apps/control-plane/src/platform/database.ts';
import { migrate } from '../../apps/control-plane/src/platform/migrate.ts';
import { PolicySetRepository } from '../../apps/control-plane/src/policy-sets/policy-set.repository.ts';
import { eventually } from '../support/hub/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../support/services/test-database.ts';

jest.setTimeout(60_000);

let database: TestDatabase;
let dataSource: DataSource;
let clusters: ClusterRepository;
let projects: ProjectRepository;
let policySets: PolicySetRepository;
let projectId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const config = loadConfig({
    DATABASE_URL: database.url,
    SIGNING_KEY_FILE: '-',
    TOKEN_SECRET_FILE: '-',
  });
  dataSource = await createDataSource(config, pino({ level: 'silent' })).initialize();
  await migrate(dataSource);
  await bootstrap(dataSource, config);
  clusters = new ClusterRepository(dataSource);
  projects = new ProjectRepository(dataSource);
  policySets = new PolicySetRepository(dataSource);
  [{ id: projectId }] = await dataSource.query('SELECT id FROM projects');
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});

/** A transaction that a test ends where it wants to. */
async function begin(): Promise<{ sql: Sql; commit(): Promise<void> }> {
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  return {
    sql: runner as unknown as Sql,
    async commit() {
      await runner.commitTransaction();
      await runner.release();
    },
  };
}
const waitingForLocks = async (): Promise<number> => {
  const [row] = await dataSource.query(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return row.count;
};

describe('a change of bindings', () => {
  it('marks a cluster again that a worker is computing from what was there before', async () => {
    const { id } = await clusters.create(projectId, 'busy', { busy: 'yes' }, dataSource);
    await clusters.label(id, { busy: 'yes' }, dataSource);
    const worker = await begin();
    const edit = await begin();
    expect(await policySets.lockStale(10, worker.sql)).toMatchObject([{ id }]);

    const marking = clusters.markStale(projectId, [{ matchLabels: { busy: 'yes' } }], edit.sql);
    await eventually(async () => expect(await waitingForLocks()).toBe(1));
    await policySets.settle([{ id, render: undefined }], worker.sql);
    await worker.commit();
    await marking;
    await edit.commit();

    expect(await policySets.countStale()).toBe(1);
  });

  it('lets nobody change labels between its marks and its end', async () => {
    const binding = await begin();
    const labelling = await begin();
    await projects.lockBindings(projectId, 'alone', binding.sql);

    let isLabelled = false;
    const waiting = projects
      .lockBindings(projectId, 'shared', labelling.sql)
      .then(() => (isLabelled = true));
    await eventually(async () => expect(await waitingForLocks()).toBe(1));
    const before = isLabelled;
    await binding.commit();
    await waiting;
    await labelling.commit();

    expect([before, isLabelled]).toEqual([false, true]);
  });

  it('marks by any number of selectors', async () => {
    const many = Array.from({ length: 100 }, (_, index) => ({
      matchExpressions: [
        {
          key: 'n',
          operator: 'In' as const,
          values: Array.from({ length: 999 }, (__, value) => `v${index}-${value}`),
        },
      ],
    }));
    const { id } = await clusters.create(projectId, 'last', { n: 'v99-998' }, dataSource);

    await clusters.markStale(projectId, many, dataSource);

    const [{ stale }] = await dataSource.query('SELECT stale FROM clusters WHERE id = $1', [id]);
    expect(stale).toBe(true);
  });
});
