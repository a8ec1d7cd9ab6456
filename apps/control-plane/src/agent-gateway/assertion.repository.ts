import { sha256Hex } from '@picket/kernel';
import type { DataSource } from 'typeorm';

/** More than an agent needs that crashes and comes back all the time; what is beyond waits. */
const REMEMBERED_MAX = 32;

/** An assertion that may be traded once. */
interface Assertion {
  readonly clusterId: string;
  /** Of the identity that signed it. */
  readonly publicKey: string;
  readonly jti: string;
  /** When it cannot be traded any more (s). */
  readonly endsS: number;
}

/** Remembers which assertions were used, in the row of the identity that signed them: bounded, and the same for all replicas. */
export class AssertionRepository {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /** `overused`: the identity has traded so many in the last minutes that another one cannot be remembered. */
  async use(
    { clusterId, publicKey, jti, endsS }: Assertion,
    nowS: number,
  ): Promise<'first' | 'again' | 'overused'> {
    // As a digest it has a bound, whatever the agent puts there.
    const id = sha256Hex(jti);
    const [, affected] = await this.#dataSource.query(
      `UPDATE agent_identities SET used_assertions = jsonb_build_object($3::text, $4::bigint) || coalesce(
         (SELECT jsonb_object_agg(key, value) FROM jsonb_each(used_assertions) WHERE value::bigint >= $5), '{}')
       WHERE cluster_id = $1 AND public_key = $2 AND NOT used_assertions ? $3
         AND (SELECT count(*) FROM jsonb_each(used_assertions) WHERE value::bigint >= $5) < ${REMEMBERED_MAX}`,
      [clusterId, publicKey, id, endsS, nowS],
    );
    if (affected > 0) return 'first';
    const [row] = await this.#dataSource.query(
      'SELECT used_assertions ? $2 AS again FROM agent_identities WHERE cluster_id = $1',
      [clusterId, id],
    );
    return row?.again === false ? 'overused' : 'again';
  }
}
