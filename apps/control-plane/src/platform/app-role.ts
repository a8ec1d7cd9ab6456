import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

import pg from 'pg';

import type { Sql } from './database.ts';

/** What the application may do with tables that are not simply its own; none may it change or end, nor take its triggers away. */
const RIGHTS: Readonly<Record<string, string>> = {
  migrations: 'SELECT',
  audit_events: 'SELECT, INSERT',
  audit_unsealed: 'SELECT',
  audit_seals: 'SELECT',
  audit_heads: 'SELECT, INSERT',
};
const ITS_OWN = 'SELECT, INSERT, UPDATE, DELETE';

/** PostgreSQL's own words for a right that is missing. */
const NOT_PERMITTED = '42501';
const HOW = 'deploy/hub/database.md says how to give the hub two roles';

/**
 * Makes the role that the URL names, or sets its password, when the migrating role may; else it must be there. Throws, with what to do, when
 * it is the migrating role itself or cannot be made.
 */
export async function prepareAppRole(sql: Sql, appUrl: string): Promise<string> {
  const { username, password } = new URL(appUrl);
  const role = decodeURIComponent(username);
  if (role === '') throw new Error(`DATABASE_URL names no role. ${HOW}`);
  const [{ owner, exists }] = await sql.query(
    'SELECT current_user AS owner, EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS exists',
    [role],
  );
  if (owner === role)
    throw new Error(
      `MIGRATION_DATABASE_URL and DATABASE_URL are the same role, ${role}: it could edit the audit log. ${HOW}`,
    );
  const secret = password === '' ? '' : ` PASSWORD '${verifierOf(decodeURIComponent(password))}'`;
  const name = pg.escapeIdentifier(role);
  try {
    if (!exists)
      await sql.query(
        `CREATE ROLE ${name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION${secret}`,
      );
    else if (secret !== '') await sql.query(`ALTER ROLE ${name}${secret}`);
  } catch (cause) {
    if ((cause as { code?: string }).code !== NOT_PERMITTED) throw cause;
    if (!exists)
      throw new Error(
        `${owner} may not make the role ${role} that DATABASE_URL names: CREATE ROLE ${name} LOGIN PASSWORD '…'. ${HOW}`,
        { cause },
      );
  }
  return role;
}

/**
 * Gives the role exactly what the application needs of what the migrating role owns, in the schema of the hub and in that of its queue. Part
 * of a transaction, so that a process that runs meanwhile never lacks it.
 */
export async function grantTo(sql: Sql, role: string, schemas: readonly string[]): Promise<void> {
  const name = pg.escapeIdentifier(role);
  for (const schema of schemas.map((each) => pg.escapeIdentifier(each))) {
    await sql.query(`REVOKE CREATE ON SCHEMA ${schema} FROM PUBLIC, ${name}`);
    await sql.query(`GRANT USAGE ON SCHEMA ${schema} TO ${name}`);
  }
  // BullMQ counts the jobs of each queue by a sequence that it makes when it meets the queue.
  for (const queue of schemas.slice(1))
    await sql.query(`GRANT CREATE ON SCHEMA ${pg.escapeIdentifier(queue)} TO ${name}`);
  const own: {
    kind: 'TABLE' | 'SEQUENCE' | 'FUNCTION';
    schema: string;
    name: string;
    path: string;
  }[] = await sql.query(
    `SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, nspname AS schema, relname AS name, format('%I.%I', nspname, relname) AS path
       FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
       WHERE nspname = ANY($1) AND relkind IN ('r', 'p', 'S') AND pg_has_role(relowner, 'USAGE')
       UNION ALL SELECT 'FUNCTION', nspname, proname, p.oid::regprocedure::text
       FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = ANY($1) AND pg_has_role(proowner, 'USAGE')`,
    [schemas],
  );
  for (const { kind, path, ...thing } of own) {
    const isHub = thing.schema === schemas[0];
    await sql.query(
      `REVOKE ALL ON ${kind} ${path} FROM ${kind === 'FUNCTION' ? 'PUBLIC, ' : ''}${name}`,
    );
    if (kind === 'FUNCTION') await sql.query(`GRANT EXECUTE ON FUNCTION ${path} TO ${name}`);
    else if (kind === 'TABLE')
      await sql.query(`GRANT ${(isHub && RIGHTS[thing.name]) || ITS_OWN} ON ${path} TO ${name}`);
    // The hub's own numbers come from identity columns, which need no right; nobody sets one back.
    else if (!isHub) await sql.query(`GRANT USAGE ON SEQUENCE ${path} TO ${name}`);
  }
}

/** Throws, with what to do, when the role that the application connects as could edit the audit log, or make itself one that can. */
export async function assertLeastPrivilege(sql: Sql): Promise<void> {
  const [{ role, powers }] = await sql.query(
    `SELECT current_user AS role, array_remove(ARRAY[
       CASE WHEN rolsuper THEN 'is a superuser' END,
       CASE WHEN rolcreaterole THEN 'may make roles' END,
       CASE WHEN EXISTS (SELECT FROM unnest(ARRAY['pg_write_server_files', 'pg_execute_server_program', 'pg_read_server_files']) AS powerful WHERE pg_has_role(powerful, 'MEMBER'))
         THEN 'may touch files of the server' END,
       CASE WHEN EXISTS (SELECT FROM pg_class WHERE oid IN (to_regclass('audit_events'), to_regclass('migrations')) AND pg_has_role(relowner, 'MEMBER')) THEN 'owns the tables' END,
       CASE WHEN EXISTS (SELECT FROM unnest(ARRAY['audit_events', 'audit_unsealed', 'audit_seals', 'audit_heads']) AS kept
         WHERE has_table_privilege(to_regclass(kept), 'UPDATE, DELETE, TRUNCATE, TRIGGER')) THEN 'may change audit events' END
     ], NULL) AS powers FROM pg_roles WHERE rolname = current_user`,
  );
  if (powers.length > 0)
    throw new Error(
      `The role ${role} of DATABASE_URL can edit the audit log: it ${powers.join(', ')}. ${HOW}`,
    );
}

/** What PostgreSQL keeps of a password (RFC 5803), so that the password itself is in no statement and no log of the server. */
function verifierOf(password: string): string {
  const iterations = 4_096;
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`;
}
