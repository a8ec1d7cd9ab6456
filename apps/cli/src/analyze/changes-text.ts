import type { ConnectivityChange } from '@picket/verdict';

import { oneLine } from '../output/render.ts';
import { connectionsText } from './connections-text.ts';
import { type Edge, dotGraph } from './dot-graph.ts';
import { type OutputFormat, csvTable, jsonArray, markdownTable } from './output-format.ts';

const HEAD = ['change', 'src', 'dst', 'before', 'after'];
const COLORS = { added: 'darkgreen', removed: 'red2', changed: 'magenta' } as const;
const NOTHING = { TCP: [], UDP: [], SCTP: [] };

/** What differs between two sets of manifests, piece by piece. */
export function changesText(
  format: OutputFormat,
  changes: Iterable<ConnectivityChange>,
): Iterable<string> {
  switch (format) {
    case 'json':
      return jsonArray(jsonChanges(changes));
    case 'csv':
      return csvTable(HEAD, cells(changes));
    case 'md':
      return markdownTable(HEAD, cells(changes));
    case 'dot':
      return dotGraph([], edges(changes));
    case 'txt':
      return lines(changes);
  }
}

function* jsonChanges(changes: Iterable<ConnectivityChange>): Generator<string> {
  for (const { src, dst, change, before, after } of changes)
    yield JSON.stringify({
      src,
      dst,
      change,
      before: before?.connections ?? NOTHING,
      after: after?.connections ?? NOTHING,
      ...(before?.unknown && { unknownBefore: before.unknown }),
      ...(after?.unknown && { unknownAfter: after.unknown }),
    });
}

function* lines(changes: Iterable<ConnectivityChange>): Generator<string> {
  for (const [change, src, dst, before, after] of cells(changes))
    yield `${oneLine(`${change}: ${src} => ${dst} : ${before} -> ${after}`)}\n`;
}

function* edges(changes: Iterable<ConnectivityChange>): Generator<Edge> {
  for (const { change, src, dst, before, after } of changes) {
    const [was, is] = [before, after].map((reach) =>
      connectionsText(reach?.connections, reach?.unknown),
    );
    const label = { added: is, removed: was, changed: `${was} -> ${is}` }[change] ?? '';
    yield { src, dst, label, color: COLORS[change] };
  }
}

function* cells(
  changes: Iterable<ConnectivityChange>,
): Generator<[change: string, src: string, dst: string, before: string, after: string]> {
  for (const { change, src, dst, before, after } of changes)
    yield [
      change,
      src,
      dst,
      connectionsText(before?.connections, before?.unknown),
      connectionsText(after?.connections, after?.unknown),
    ];
}
