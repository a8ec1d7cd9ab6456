import type { GuardRails } from '@picket/policy';
import type { DataSource } from 'typeorm';

import type { Sql } from '../platform/database.ts';
import { GuardRailsChanged } from './guard-rails.ts';

/** As they are stored; revision 0: nothing was ever said, so the defaults hold. */
export interface StoredRails {
  readonly rails: GuardRails;
  readonly revision: number;
}

/** Stores the guard rails of projects. */
export class GuardRailsRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  async of(projectId: string, sql: Sql = this.#dataSource): Promise<StoredRails> {
    const [row] = await sql.query('SELECT rails, revision FROM guard_rails WHERE project_id = $1', [
      projectId,
    ]);
    return row ?? { rails: {}, revision: 0 };
  }

  /** Throws GuardRailsChanged unless the revision is the expected one. The caller holds `lockSelectors` alone. */
  async set(
    projectId: string,
    rails: GuardRails,
    expected: number | undefined,
    sql: Sql,
  ): Promise<StoredRails> {
    const { revision } = await this.of(projectId, sql);
    if (expected !== undefined && expected !== revision)
      throw new GuardRailsChanged(`The guard rails are at revision ${revision}, not ${expected}`, {
        expected,
        actual: revision,
      });
    const [row] = await sql.query(
      `INSERT INTO guard_rails (project_id, rails) VALUES ($1, $2)
       ON CONFLICT (project_id) DO UPDATE SET rails = excluded.rails, revision = guard_rails.revision + 1, changed_at = now() RETURNING rails, revision`,
      [projectId, rails],
    );
    return row;
  }
}
