import { type NamedPort, type WorkloadExposure, exposedPeerText, exposure } from '@picket/verdict';

import { oneLine } from '../output/render.ts';
import { connectionsText } from './connections-text.ts';
import { type Edge, dotGraph } from './dot-graph.ts';
import { namedFamilies } from './named-families.ts';
import { type OutputFormat, csvTable, jsonArray, markdownTable } from './output-format.ts';
import type { Question } from './question.ts';
import { readCluster } from './read-cluster.ts';

const HEAD = ['src', 'dst', 'conn'];

/** Who beyond the workloads of the manifests could reach them or be reached, piece by piece. Throws InputRejected. */
export async function listExposure({
  paths,
  semantics,
  output,
  warn,
}: Omit<Question, 'onFinding'>): Promise<Iterable<string>> {
  const cluster = await readCluster(paths, warn);
  const families = namedFamilies([cluster]);
  return exposuresText(output, exposure({ ...cluster, semantics }, { families }));
}

function exposuresText(
  format: OutputFormat,
  exposures: readonly WorkloadExposure[],
): Iterable<string> {
  const rows = exposures.flatMap(rowsOf);
  switch (format) {
    case 'json':
      return jsonArray(exposures.map((each) => JSON.stringify(jsonOf(each))));
    case 'csv':
      return csvTable(HEAD, rows);
    case 'md':
      return markdownTable(HEAD, rows);
    case 'dot':
      return dotGraph(
        exposures.map(({ workload }) => workload),
        rows.map(([src, dst, label]): Edge => ({ src, dst, label, color: 'gold2' })),
      );
    case 'txt':
      return rows.map(([src, dst, ports]) => `${oneLine(`${src} => ${dst} : ${ports}`)}\n`);
  }
}

function jsonOf({ workload, direction, isProtected, peers }: WorkloadExposure): object {
  return {
    workload,
    direction,
    isProtected,
    peers: peers.map(({ peer, connections, namedPorts }) => ({
      peer: exposedPeerText(peer),
      connections,
      namedPorts,
    })),
  };
}

function rowsOf({
  workload,
  direction,
  peers,
}: WorkloadExposure): [src: string, dst: string, ports: string][] {
  return peers.map(({ peer, connections, namedPorts }) => {
    const ports = `${connectionsText(connections)}${namesText(namedPorts)}`;
    const other = exposedPeerText(peer);
    return direction === 'egress' ? [workload, other, ports] : [other, workload, ports];
  });
}

function namesText(ports: readonly NamedPort[]): string {
  if (ports.length === 0) return '';
  const names = ports.map(({ name, protocol }) => (protocol ? `${protocol} ${name}` : name));
  return ` (and ports named ${names.join(', ')})`;
}
