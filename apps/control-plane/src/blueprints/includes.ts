import type { Blueprint } from '@picket/policy';

import type { Sql } from '../platform/database.ts';
import type { BlueprintRepository } from './blueprint.repository.ts';

const MAX_ROUNDS = 20;

/** All documents that `document` includes, directly or through others, as `name@version` → document. One query per level. */
export async function loadIncludes(
  blueprints: BlueprintRepository,
  projectId: string,
  document: Blueprint,
  sql?: Sql,
): Promise<Record<string, Blueprint>> {
  const found: Record<string, Blueprint> = {};
  let level: readonly Blueprint[] = [document];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const wanted = level
      .flatMap(({ includes = [] }) => includes)
      .filter(({ blueprint, version }) => !Object.hasOwn(found, `${blueprint}@${version}`));
    if (wanted.length === 0) break;
    const more = await blueprints.documents(projectId, wanted, sql);
    Object.assign(found, more);
    level = Object.values(more);
  }
  return found;
}
