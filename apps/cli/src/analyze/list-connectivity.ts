import { compile } from '@picket/verdict';

import { namedFamilies } from './named-families.ts';
import type { Question } from './question.ts';
import { readCluster } from './read-cluster.ts';
import { rowsText } from './rows-text.ts';

/** Every pair that can open something, piece by piece. Throws InputRejected. */
export async function listConnectivity({
  paths,
  semantics,
  output,
  warn,
}: Omit<Question, 'onFinding'>): Promise<Iterable<string>> {
  const cluster = await readCluster(paths, warn);
  const { reaches } = compile({ ...cluster, semantics });
  return rowsText(output, reaches.rows({ families: namedFamilies([cluster]) }), reaches.owners);
}
