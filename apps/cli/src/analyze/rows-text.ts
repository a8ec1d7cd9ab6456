import type { Connections, ConnectivityRow } from '@picket/verdict';

import { oneLine } from '../output/render.ts';
import { connectionsText } from './connections-text.ts';
import { type Edge, dotGraph } from './dot-graph.ts';
import { type OutputFormat, csvTable, jsonArray, markdownTable } from './output-format.ts';

const HEAD = ['src', 'dst', 'conn'];

/** Who may open what to whom, piece by piece. `workloads` are all there are; a graph shows the lonely ones too. */
export function rowsText(
  format: OutputFormat,
  rows: Iterable<ConnectivityRow>,
  workloads: Iterable<string>,
): Iterable<string> {
  switch (format) {
    case 'json':
      return jsonArray(jsonRows(rows));
    case 'csv':
      return csvTable(HEAD, cells(rows));
    case 'md':
      return markdownTable(HEAD, cells(rows));
    case 'dot':
      return dotGraph(workloads, edges(rows));
    case 'txt':
      return lines(rows);
  }
}

function* jsonRows(rows: Iterable<ConnectivityRow>): Generator<string> {
  const name = remembered((text: string) => JSON.stringify(text));
  const ports = remembered((connections: Connections) => JSON.stringify(connections));
  for (const { src, dst, connections, unknown } of rows) {
    const more = unknown ? `,"unknown":${ports(unknown)}` : '';
    yield `{"src":${name(src)},"dst":${name(dst)},"connections":${ports(connections)}${more}}`;
  }
}

function* lines(rows: Iterable<ConnectivityRow>): Generator<string> {
  for (const [src, dst, connections] of cells(rows))
    yield `${oneLine(`${src} => ${dst} : ${connections}`)}\n`;
}

function* edges(rows: Iterable<ConnectivityRow>): Generator<Edge> {
  for (const [src, dst, label] of cells(rows)) yield { src, dst, label, color: 'gold2' };
}

function* cells(
  rows: Iterable<ConnectivityRow>,
): Generator<[src: string, dst: string, connections: string]> {
  const known = remembered((connections: Connections) => connectionsText(connections));
  for (const { src, dst, connections, unknown } of rows)
    yield [src, dst, unknown ? connectionsText(connections, unknown) : known(connections)];
}

/** Many rows share few names and sets of ports: each is put into words once. */
export function remembered<In, Out>(make: (input: In) => Out): (input: In) => Out {
  const known = new Map<In, Out>();
  return (input) => {
    const before = known.get(input);
    if (before !== undefined) return before;
    const made = make(input);
    known.set(input, made);
    return made;
  };
}
