/** An edge of a graph; its label says what the connection may be. */
export interface Edge {
  readonly src: string;
  readonly dst: string;
  readonly label: string;
  readonly color: string;
}

/** A graph in Graphviz's language. Workloads that no edge names are drawn too; what has no `[` in its name is outside the cluster. */
export function* dotGraph(workloads: Iterable<string>, edges: Iterable<Edge>): Generator<string> {
  const drawn = new Set<string>();
  const draw = (peer: string): string => {
    if (drawn.has(peer)) return '';
    drawn.add(peer);
    return `  ${quoted(peer)} [color="${peer.includes('[') ? 'blue' : 'red2'}"]\n`;
  };
  yield 'digraph {\n';
  for (const workload of workloads) yield draw(workload);
  for (const { src, dst, label, color } of edges) {
    yield draw(src) + draw(dst);
    yield `  ${quoted(src)} -> ${quoted(dst)} [label=${quoted(label)} color="${color}"]\n`;
  }
  yield '}\n';
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll(/\p{Cc}+/gu, ' ')}"`;
}
