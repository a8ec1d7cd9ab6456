import type { DataSource } from 'typeorm';

import type { Logger } from '../platform/logger.ts';
import { abilityFor } from './ability.ts';
import type { Actor } from './actor.ts';
import { BINDING_JSON, claimsOf, heldBy, type StoredBinding } from './held.ts';
import type { Person } from './oidc.ts';

/** Each is a part of the condition of every list. */
const BINDINGS_MAX = 200;
/** Claims are joined. */
const CLAIM_BINDINGS_MAX = 5_000;
const MINE = `organization_id = o.id AND ((subject_kind = 'USER' AND subject = ANY($2)) OR (subject_kind = 'GROUP' AND subject = ANY($3)))`;

const OF_PROJECT =
  'row_number() OVER (PARTITION BY project_id, cluster_selector IS NOT NULL ORDER BY created_at)';

/** What people may do: their own role bindings, and those of their groups. */
export class People {
  readonly #dataSource: DataSource;
  readonly #organization: string;
  readonly #logger: Logger;

  constructor(dataSource: DataSource, organization: string, logger: Logger) {
    this.#dataSource = dataSource;
    this.#organization = organization;
    this.#logger = logger;
  }

  /** Undefined when there is no organization to sign in to. */
  async actorOf({ id, name, groups }: Person): Promise<Actor | undefined> {
    // The widest first, and of each project as many: whoever makes many small bindings for a group in one project takes nothing away from
    // its members but small ones there.
    const [row] = await this.#dataSource.query(
      `SELECT o.id AS "organizationId", coalesce(json_agg(${BINDING_JSON}) FILTER (WHERE b.id IS NOT NULL), '[]') AS bindings
       FROM organizations o
         LEFT JOIN LATERAL (
           (SELECT * FROM role_bindings WHERE ${MINE} AND claim_id IS NULL
            ORDER BY cluster_selector IS NOT NULL, project_id IS NOT NULL, ${OF_PROJECT}, created_at LIMIT $4)
           UNION ALL (SELECT * FROM role_bindings WHERE ${MINE} AND claim_id IS NOT NULL ORDER BY ${OF_PROJECT}, created_at LIMIT $5)
         ) b ON true
         LEFT JOIN roles r ON r.organization_id = b.organization_id AND r.name = b.role
       WHERE o.name = $1 GROUP BY o.id`,
      [this.#organization, [id, name], groups, BINDINGS_MAX + 1, CLAIM_BINDINGS_MAX + 1],
    );
    if (!row) {
      this.#logger.error(
        { organization: this.#organization },
        'there is no organization of the name in OIDC_ORGANIZATION',
      );
      return undefined;
    }
    const { organizationId } = row;
    const found: StoredBinding[] = row.bindings;
    const claimed = found.filter(({ claimId }) => claimId !== null);
    const others = found.filter(({ claimId }) => claimId === null);
    if (others.length > BINDINGS_MAX || claimed.length > CLAIM_BINDINGS_MAX)
      this.#logger.warn(
        { id, max: BINDINGS_MAX, maxOfClaims: CLAIM_BINDINGS_MAX },
        'a person has more role bindings than are looked at',
      );
    const bindings = [...others.slice(0, BINDINGS_MAX), ...claimed.slice(0, CLAIM_BINDINGS_MAX)];
    const held = heldBy(bindings, await claimsOf(bindings, this.#dataSource));
    return {
      caller: { kind: 'USER', id, name, groups },
      organizationId,
      held,
      ability: abilityFor(organizationId, held),
    };
  }
}
