import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AuditEvent } from '@picket/audit';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';

import type { Acting } from '../../apps/control-plane/src/audit/acting.ts';
import { newEvent } from '../../apps/control-plane/src/audit/event.ts';
import { Refusals } from '../../apps/control-plane/src/audit/refusals.ts';
import { SignIns } from '../../apps/control-plane/src/audit/sign-ins.ts';
import { tellUses } from '../../apps/control-plane/src/audit/token-uses.ts';
import { loadConfig } from '../../apps/control-plane/src/config/config.ts';
import { createDataSource } from '../../apps/control-plane/src/platform/database.ts';
import { migrateAsOwner } from '../../apps/control-plane/src/platform/migrate-as-owner.ts';
import { eventually } from '../support/hub/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/services/test-database.ts';

jest.setTimeout(60_000);

const logger = pino({ level: 'silent' });
const HOUR_MS = 3_600_000;

let database: TestDatabase;
let dataSource: DataSource;
let organizationId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const settings = { ...database.env, SIGNING_KEY_FILE: '-', TOKEN_SECRET_FILE: '-' };
  const config = loadConfig(settings);
  await migrateAsOwner({ ...config, ...database.env }, logger);
  dataSource = await createDataSource(config, logger).initialize();
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});
beforeEach(async () => {
  [{ id: organizationId }] = await dataSource.query(
    'INSERT INTO organizations (name) VALUES ($1) RETURNING id',
    [randomUUID()],
  );
});

const acting = (name: string): Acting => ({
  caller: { kind: 'TOKEN', id: name, name },
  organizationId,
});
const from = (address: string): { address: string; requestId: string } => ({
  address,
  requestId: 'r',
});

async function events(): Promise<AuditEvent[]> {
  const rows: { body: string }[] = await dataSource.query(
    'SELECT body FROM audit_events WHERE organization_id = $1 ORDER BY id',
    [organizationId],
  );
  return rows.map(({ body }) => JSON.parse(body) as AuditEvent);
}

describe('uses of a token', () => {
  it('of all processes in one hour are one event, when the hour is over', async () => {
    const [one, two] = [new SignIns(dataSource, logger), new SignIns(dataSource, logger)];
    const hourMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS;
    for (let at = 0; at < 3; at += 1) one.note(acting('ci'), from('10.0.0.1'), hourMs + at);
    await one.flush(hourMs + 60_000);
    one.note(acting('ci'), from('10.0.0.1'), hourMs + 70_000);
    two.note(acting('ci'), from('10.0.0.2'), hourMs + 80_000);
    await Promise.all([one.flush(hourMs + 120_000), two.flush(hourMs + 120_000)]);
    await one.flush(hourMs + 180_000); // nothing happened meanwhile
    one.note(acting('ci'), from('10.0.0.3'), Date.now());
    await one.flush(Date.now());

    await Promise.all([tellUses(dataSource), tellUses(dataSource)]);

    await eventually(async () =>
      // Each process met it once, and it was never silent for an hour until it came again.
      expect((await events()).filter(({ operation }) => operation === 'signIn')).toHaveLength(2),
    );
    expect((await events()).filter(({ operation }) => operation === 'useToken')).toEqual([
      expect.objectContaining({
        actor: { kind: 'TOKEN', id: 'ci', name: 'ci' },
        count: 5,
        since: new Date(hourMs).toISOString(),
        addresses: ['10.0.0.1', '10.0.0.2'],
      }),
    ]);
    const [{ count }] = await dataSource.query(
      'SELECT count FROM token_uses WHERE organization_id = $1',
      [organizationId],
    );
    expect(count).toBe('1');
  });

  it('keep at most 20 addresses', async () => {
    const signIns = new SignIns(dataSource, logger);
    const hourMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
    for (let round = 0; round < 2; round += 1) {
      for (let at = 0; at < 50; at += 1)
        signIns.note(acting('far'), from(`10.${round}.0.${at}`), hourMs);
      await signIns.flush(hourMs);
    }

    const [{ addresses, count }] = await dataSource.query(
      'SELECT addresses, count FROM token_uses WHERE organization_id = $1',
      [organizationId],
    );

    expect([addresses.length, count]).toEqual([20, '100']);
  });

  it('after an hour of silence begin with a sign-in', async () => {
    const signIns = new SignIns(dataSource, logger);
    const startMs = Date.now() - 5 * HOUR_MS;
    signIns.note(acting('rare'), from('10.0.0.1'), startMs);
    await signIns.flush(startMs + HOUR_MS + 1);
    signIns.note(acting('rare'), from('10.0.0.1'), startMs + 2 * HOUR_MS);

    await eventually(async () => expect(await events()).toHaveLength(2));
  });
});

describe('refusals', () => {
  const refused = (name: string, code: string): AuditEvent => ({
    ...newEvent(acting(name), {}),
    outcome: 'REFUSED',
    code,
  });

  it('of more kinds than are told apart are those of others', async () => {
    const refusals = new Refusals(dataSource, logger);
    for (let at = 0; at < 1_200; at += 1) await refusals.note(refused(`t${at}`, 'FORBIDDEN'));

    await refusals.flush();

    const all = await events();
    expect(all).toHaveLength(1_002);
    expect(all.slice(-2).map(({ actor, count }) => [actor.name, count])).toEqual([
      ['others', 1],
      ['others', 199],
    ]);
  });

  it('of one network of IPv6 are those of one', async () => {
    const refusals = new Refusals(dataSource, logger);
    for (let at = 0; at < 5; at += 1)
      await refusals.noteNobody('signIn', 'UNAUTHENTICATED', from(`2001:db8:1:2:${at}::1`), {
        organizationId,
      });
    await refusals.flush();

    expect((await events()).map(({ actor, count }) => [actor.id, count])).toEqual([
      ['2001:db8:1:2::/64', 1],
      ['2001:db8:1:2::/64', 4],
    ]);
  });

  it('that cannot be written are counted, and stay refusals', async () => {
    const refusals = new Refusals(dataSource, logger);

    await refusals.note({ ...refused('x', 'FORBIDDEN'), organizationId: 'no uuid' });

    expect(refusals.lost).toBe(1);
  });
});
