import { addressText, LAST_ADDRESS, parseAddress } from '@picket/selector';
import { PORT_PROTOCOLS, type Connections, type ConnectivityRow } from '@picket/verdict';

import { connectionsOf, type DiffCase, type ExpectedRow } from './corpora.ts';

/** What one peer may open to another; ranges of outside addresses stay ranges. */
export interface Row {
  readonly src: string;
  readonly dst: string;
  readonly connections: Connections;
}

/** Pairs on which the closed world of `expected` and the rows of an evaluator disagree. Ranges are compared address by address where one of them changes. */
export function rowDifferences(
  actual: readonly ConnectivityRow[],
  expected: readonly ExpectedRow[],
): string[] {
  const wanted = expected.map(({ src, dst, conns }) => ({
    src,
    dst,
    connections: connectionsOf(conns),
  }));
  const unknown = actual
    .filter((row) => row.unknown)
    .map((row) => `${row.src} => ${row.dst}: unknown`);
  const changes = changesBetween(wanted, actual).map(
    ({ src, dst, before, after }) => `${src} => ${dst}: expected ${before}, is ${after}`,
  );
  return [...unknown, ...changes];
}

/** Pairs on which the listed changes and those between two answers disagree. */
export function diffDifferences(
  before: readonly Row[],
  after: readonly Row[],
  expected: DiffCase['expected'],
): string[] {
  const wanted = (which: 'before' | 'after'): Row[] =>
    expected.map((row) => ({ ...row, connections: connectionsOf(row[which]) }));
  // Pairs that are not listed are the same on both sides; those that are have what the list says.
  const key = ({ src, dst, before: b, after: a }: Change): string =>
    `${src} => ${dst}: ${b} -> ${a}`;
  const listed = new Set(changesBetween(wanted('before'), wanted('after')).map(key));
  const found = new Set(changesBetween(before, after).map(key));
  return [
    ...[...listed.difference(found)].map((text) => `missing: ${text}`),
    ...[...found.difference(listed)].map((text) => `not listed: ${text}`),
  ];
}

interface Change {
  readonly src: string;
  readonly dst: string;
  readonly before: string;
  readonly after: string;
}

/** Pairs with different connections, outside addresses by the merged ranges in which the same changes. */
export function changesBetween(before: readonly Row[], after: readonly Row[]): Change[] {
  const pairs = new Map<string, { before: Row[]; after: Row[] }>();
  for (const [side, rows] of Object.entries({ before, after }))
    for (const row of rows) {
      const key = `${rangeOf(row.src) ? 'outside' : row.src} => ${rangeOf(row.dst) ? 'outside' : row.dst}`;
      const pair = pairs.get(key) ?? { before: [], after: [] };
      pairs.set(key, pair);
      pair[side as 'before' | 'after'].push(row);
    }
  return [...pairs]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, pair]) => changesOf(key, pair));
}

function changesOf(key: string, pair: { before: Row[]; after: Row[] }): Change[] {
  const [src = '', dst = ''] = key.split(' => ');
  if (src !== 'outside' && dst !== 'outside') {
    const [before, after] = [
      textOf(pair.before[0]?.connections),
      textOf(pair.after[0]?.connections),
    ];
    return before === after ? [] : [{ src, dst, before, after }];
  }
  const end = src === 'outside' ? 'src' : 'dst';
  const at = (rows: readonly Row[], address: bigint): string =>
    textOf(
      rows.find((row) => {
        const range = rangeOf(row[end]);
        return range && range[0] <= address && address <= range[1];
      })?.connections,
    );
  const changes: { first: bigint; before: string; after: string }[] = [];
  for (const first of startsOf([...pair.before, ...pair.after].map((row) => rangeOf(row[end])))) {
    const [before, after] = [at(pair.before, first), at(pair.after, first)];
    const last = changes.at(-1);
    if (last?.before !== before || last.after !== after) changes.push({ first, before, after });
  }
  return changes.flatMap(({ first, before, after }, index) => {
    if (before === after) return [];
    const range = [first, (changes[index + 1]?.first ?? LAST_ADDRESS[4] + 1n) - 1n]
      .map((value) => addressText({ family: 4, value }))
      .join('-');
    return [{ src, dst, [end]: range, before, after }];
  });
}

/** Where one of the ranges begins or the next address after one ends. */
function startsOf(ranges: readonly (readonly [bigint, bigint] | undefined)[]): bigint[] {
  const starts = new Set([0n]);
  for (const range of ranges) {
    if (!range) continue;
    starts.add(range[0]);
    if (range[1] < LAST_ADDRESS[4]) starts.add(range[1] + 1n);
  }
  return [...starts].toSorted((a, b) => (a < b ? -1 : 1));
}

function rangeOf(peer: string): readonly [bigint, bigint] | undefined {
  const [first, last, ...rest] = peer.split('-').map(parseAddress);
  if (!first || rest.length > 0 || (peer.includes('-') && !last)) return undefined;
  return [first.value, (last ?? first).value];
}

function textOf(connections: Connections | undefined): string {
  return PORT_PROTOCOLS.map(
    (protocol) =>
      `${protocol} ${(connections?.[protocol] ?? []).map((range) => range.join('-')).join(',')}`,
  ).join(' ');
}
