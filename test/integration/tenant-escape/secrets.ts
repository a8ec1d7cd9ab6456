import type { World } from '../access-matrix/world.ts';

/** Ids and names in `bank`, or in the whole organization. Words that everybody uses are none. */
export async function secretsOf(world: World, ofAll: boolean): Promise<ReadonlySet<string>> {
  const rows = await world.sql(
    `WITH p AS (SELECT p.* FROM projects p JOIN organizations o ON o.id = p.organization_id WHERE o.name = 'default' AND ($1 OR p.name = 'bank')),
       c AS (SELECT n.* FROM namespace_claims n JOIN p ON p.id = n.project_id)
     SELECT id::text AS word FROM p
     UNION ALL SELECT unnest(ARRAY[c.id::text, c.name]) FROM clusters c JOIN p ON p.id = c.project_id
     UNION ALL SELECT unnest(ARRAY[b.id::text, b.name]) FROM blueprints b JOIN p ON p.id = b.project_id
     UNION ALL SELECT unnest(ARRAY[a.id::text, a.name]) FROM assignments a JOIN p ON p.id = a.project_id
     UNION ALL SELECT unnest(ARRAY[id::text, name] || namespaces) FROM c
     UNION ALL SELECT unnest(ARRAY[m.id::text, m.name]) FROM namespace_policies m JOIN c ON c.id = m.claim_id
     UNION ALL SELECT unnest(ARRAY[r.id::text, r.name]) FROM policy_requests r JOIN c ON c.id = r.claim_id
     UNION ALL SELECT unnest(ARRAY[b.id::text, b.subject]) FROM role_bindings b JOIN p ON p.id = b.project_id
     UNION ALL SELECT t.id::text FROM api_tokens t WHERE $1 AND t.organization_id IN (SELECT organization_id FROM p)
     UNION ALL SELECT o.id::text FROM organizations o WHERE $1 AND o.name = 'default'`,
    [ofAll],
  );
  const words = rows.map(({ word }) => String(word));
  return new Set([...words.filter((word) => /[\d-]/.test(word)), 'bank', 'books', 'of-bank']);
}

/** Words of a text and the parts of those, also of the cursors in it. */
export function wordsOf(text: string): Set<string> {
  const words = text.match(WORD) ?? [];
  const cursors = words
    .filter((word) => word.startsWith('azo'))
    .flatMap((word) => Buffer.from(word, 'base64url').toString('utf8').match(WORD) ?? []);
  return new Set([...words, ...cursors].flatMap((word) => [word, ...word.split('.')]));
}

const WORD = /[\w@.-]+/g;
