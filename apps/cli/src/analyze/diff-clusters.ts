import { compile, diffConnectivity } from '@picket/verdict';

import { Failure, exitCode } from '../exit-code.ts';
import { changesText } from './changes-text.ts';
import { namedFamilies } from './named-families.ts';
import { type Question, tellingFindings } from './question.ts';
import { readCluster } from './read-cluster.ts';

/** Every pair that can open other ports after than before. `paths` are the two; `both` belongs to each of them. Throws InputRejected. */
export async function diffClusters(
  { paths, semantics, output, onFinding, warn }: Question,
  both: readonly string[],
): Promise<Iterable<string>> {
  const [before, after, ...more] = paths;
  if (before === undefined || after === undefined || more.length > 0)
    throw new Failure(exitCode.badInput, 'A diff needs two sets of manifests: -f BEFORE -f AFTER');
  if ([before, after, ...both].filter((path) => path === '-').length > 1 || both.includes('-'))
    throw new Failure(exitCode.badInput, 'Standard input can be one of the two sets only');
  const clusters = [
    await readCluster([before, ...both], warn),
    await readCluster([after, ...both], warn),
  ] as const;
  const changes = diffConnectivity(
    compile({ ...clusters[0], semantics }),
    compile({ ...clusters[1], semantics }),
    { families: namedFamilies(clusters) },
  );
  return changesText(
    output,
    tellingFindings(changes, () => true, onFinding),
  );
}
