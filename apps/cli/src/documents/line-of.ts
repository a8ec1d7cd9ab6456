import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml';

import type { SourceDocument } from './read-documents.ts';

/**
 * The line of its file, from 1, that a problem's path points at, such as `spec.ingress[0]["a.b"]`.
 * Of a field that is not there it is the line of what should hold it.
 */
export function lineOf({ text, line }: SourceDocument, path: string): number {
  const lineCounter = new LineCounter();
  let node: unknown = parseDocument(text, { lineCounter }).contents;
  let offset = 0;
  for (const step of stepsOf(path)) {
    const next = childOf(node, step);
    if (next === undefined) break;
    [offset, node] = [next.offset, next.node];
  }
  return line + lineCounter.linePos(offset).line - 1;
}

interface Child {
  readonly offset: number;
  readonly node: unknown;
}

function childOf(node: unknown, step: string | number): Child | undefined {
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step];
    return item === undefined ? undefined : { offset: startOf(item), node: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return pair && { offset: startOf(pair.key), node: pair.value };
}

function startOf(node: unknown): number {
  return (node as { range?: readonly [number, number, number] | null }).range?.[0] ?? 0;
}

/** Undoes `pathText` of the kernel. */
function stepsOf(path: string): (string | number)[] {
  return [...path.matchAll(/\["(?:[^"\\]|\\.)*"\]|\[\d+\]|[^.[\]]+/g)].map(([step]) =>
    step.startsWith('[') ? (JSON.parse(step.slice(1, -1)) as string | number) : step,
  );
}
