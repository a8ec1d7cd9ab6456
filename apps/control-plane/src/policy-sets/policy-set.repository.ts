import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import type { CompileResult, PolicySet } from '@picket/compiler';
import type { Capabilities } from '@picket/agent-protocol';
import type { DataSource } from 'typeorm';

import type { Sql } from '../platform/database.ts';

const unzipped = promisify(gunzip);

/** A cluster whose policy set must be looked at again. */
export interface StaleCluster {
  readonly id: string;
  readonly projectId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: string;
  readonly capabilitiesHash: string | null;
}

/** What a compilation gave, as it is stored. */
export interface Render {
  readonly key: string;
  readonly digest: string;
  readonly blocked: boolean;
}

/** What a compilation had to say besides its result. */
export interface Findings {
  readonly losses: readonly object[];
  readonly problems: readonly { readonly path: string; readonly message: string }[];
  readonly blocked: boolean;
}

/** What an agent's door needs to know of a cluster, in one row. */
export interface DesiredState {
  readonly id: string;
  readonly state: string;
  readonly desiredDigest: string | null;
  readonly desiredSequence: number;
  readonly capabilitiesHash: string | null;
  readonly publicKey: string | null;
}

/** Stores policy sets, renders, and what each cluster is due. */
export class PolicySetRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /**
   * Locks up to `limit` stale clusters that nobody else has, in id order. Not against key shares: each insert that refers to a cluster has
   * one, and takes nothing from us.
   */
  lockStale(limit: number, sql: Sql): Promise<StaleCluster[]> {
    return sql.query(
      `SELECT id, project_id AS "projectId", labels, state, capabilities_hash AS "capabilitiesHash" FROM clusters
       WHERE stale ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED`,
      [limit],
    );
  }

  async countStale(): Promise<number> {
    const [row] = await this.#dataSource.query(
      'SELECT count(*)::int AS count FROM clusters WHERE stale',
    );
    return row.count;
  }

  async capabilities(hashes: readonly string[], sql: Sql): Promise<Map<string, Capabilities>> {
    const rows: { hash: string; body: Capabilities }[] = await sql.query(
      'SELECT hash, body FROM capabilities WHERE hash = ANY($1)',
      [hashes],
    );
    return new Map(rows.map(({ hash, body }) => [hash, body]));
  }

  async renders(keys: readonly string[], sql: Sql): Promise<Map<string, Render>> {
    const rows: Render[] = await sql.query(
      'SELECT key, digest, blocked FROM renders WHERE key = ANY($1)',
      [keys],
    );
    return new Map(rows.map((row) => [row.key, row]));
  }

  async addRender(key: string, result: CompileResult, gzipped: Buffer, sql: Sql): Promise<Render> {
    const { digest, text, blocked, losses, problems } = result;
    await sql.query(
      'INSERT INTO policy_sets (digest, body, size_bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [digest, gzipped, Buffer.byteLength(text)],
    );
    await sql.query(
      'INSERT INTO renders (key, digest, blocked, losses, problems) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
      [key, digest, blocked, JSON.stringify(losses), JSON.stringify(problems)],
    );
    return { key, digest, blocked };
  }

  /** Gives each cluster its render; the sequence rises where the digest changes. A blocked render leaves the digest. Returns the ids that changed. */
  async settle(
    settled: readonly { id: string; render: Render | undefined }[],
    sql: Sql,
  ): Promise<string[]> {
    const [rows]: [{ id: string; changed: boolean }[]] = await sql.query(
      `UPDATE clusters c SET stale = false,
         render_key = coalesce(s.key, c.render_key),
         desired_sequence = c.desired_sequence + CASE WHEN s.digest IS NOT NULL AND s.digest IS DISTINCT FROM c.desired_digest THEN 1 ELSE 0 END,
         desired_digest = coalesce(s.digest, c.desired_digest)
       FROM (SELECT w.id, w.key, w.digest, o.desired_digest AS old FROM unnest($1::uuid[], $2::text[], $3::text[]) AS w (id, key, digest)
             JOIN clusters o ON o.id = w.id) s
       WHERE c.id = s.id RETURNING c.id, c.desired_digest IS DISTINCT FROM s.old AS changed`,
      [
        settled.map(({ id }) => id),
        settled.map(({ render }) => render?.key ?? null),
        settled.map(({ render }) => (render && !render.blocked ? render.digest : null)),
      ],
    );
    return rows.filter(({ changed }) => changed).map(({ id }) => id);
  }

  async desiredStates(ids: readonly string[]): Promise<Map<string, DesiredState>> {
    const rows: DesiredState[] = await this.#dataSource.query(
      `SELECT c.id, c.state, c.desired_digest AS "desiredDigest", c.desired_sequence::float8 AS "desiredSequence",
         c.capabilities_hash AS "capabilitiesHash", i.public_key AS "publicKey"
       FROM clusters c LEFT JOIN agent_identities i ON i.cluster_id = c.id WHERE c.id = ANY($1)`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Raises the sequence above what an agent has seen: a hub restored from a backup must be able to speak to its fleet (decision 3). */
  async raiseSequence(id: string, seen: number): Promise<number> {
    const [[row]] = await this.#dataSource.query(
      'UPDATE clusters SET desired_sequence = greatest(desired_sequence, $2::bigint + 1) WHERE id = $1 RETURNING desired_sequence::float8 AS sequence',
      [id, seen],
    );
    return row.sequence;
  }

  /** Remembers what a cluster can express; a change makes it stale. Returns whether it changed. */
  async setCapabilities(id: string, hash: string, body: Capabilities): Promise<boolean> {
    return this.#dataSource.transaction(async (sql) => {
      await sql.query(
        'INSERT INTO capabilities (hash, body) VALUES ($1, $2) ON CONFLICT DO NOTHING',
        [hash, body],
      );
      const [, affected] = await sql.query(
        'UPDATE clusters SET capabilities_hash = $2, stale = true WHERE id = $1 AND capabilities_hash IS DISTINCT FROM $2',
        [id, hash],
      );
      return affected > 0;
    });
  }

  async body(digest: string): Promise<Buffer | undefined> {
    const [row] = await this.#dataSource.query('SELECT body FROM policy_sets WHERE digest = $1', [
      digest,
    ]);
    return row?.body;
  }

  /** Policy sets by digest, whole, in one query. */
  async sets(
    digests: readonly string[],
    sql: Sql = this.#dataSource,
  ): Promise<Map<string, PolicySet>> {
    const rows: { digest: string; body: Buffer }[] = await sql.query(
      'SELECT digest, body FROM policy_sets WHERE digest = ANY($1)',
      [digests],
    );
    const read = async (body: Buffer): Promise<PolicySet> =>
      JSON.parse((await unzipped(body)).toString('utf8')) as PolicySet;
    return new Map(
      await Promise.all(rows.map(async ({ digest, body }) => [digest, await read(body)] as const)),
    );
  }

  /** What the clusters that a kept selector picks must have now, those of most clusters first; null: not known yet. */
  async digestsOf(selectorId: string, limit: number, sql: Sql): Promise<(string | null)[]> {
    const rows: { digest: string | null }[] = await sql.query(
      `SELECT c.desired_digest AS digest FROM selected_clusters s JOIN clusters c ON c.id = s.cluster_id
       WHERE s.selector_id = $1 GROUP BY c.desired_digest ORDER BY count(*) DESC, 1 LIMIT $2`,
      [selectorId, limit],
    );
    return rows.map(({ digest }) => digest);
  }

  /** Sizes by digest, in one query. */
  async sizes(digests: readonly string[]): Promise<Map<string, number>> {
    const rows: { digest: string; size: number }[] = await this.#dataSource.query(
      'SELECT digest, size_bytes AS size FROM policy_sets WHERE digest = ANY($1)',
      [digests],
    );
    return new Map(rows.map(({ digest, size }) => [digest, size]));
  }

  /** What renders said, by key, in one query. */
  async findings(keys: readonly string[]): Promise<Map<string, Findings>> {
    const rows: (Findings & { key: string })[] = await this.#dataSource.query(
      'SELECT key, losses, problems, blocked FROM renders WHERE key = ANY($1)',
      [keys],
    );
    return new Map(rows.map((row) => [row.key, row]));
  }
}
