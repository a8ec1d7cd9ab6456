import path from 'node:path';

import { expect, it } from '@jest/globals';
import type { ConnectivityRow } from '@picket/verdict';

import { diffDifferences, rowDifferences } from '../support/corpora/compare-connectivity.ts';
import { corpora, corpusCases, diffCases, type CorpusCase } from '../support/corpora/corpora.ts';
import { describeWith } from '../support/services/describe-with.ts';
import { runPicket } from './run-picket.ts';

/** test/conformance/analyze.test.ts has all cases, in its own process. */
const EVERY = 12;

describeWith(corpora, 'the program agrees with public projects, as far as a sample goes', () => {
  const sampleOf = <Case>(cases: readonly Case[]): Case[] =>
    cases.filter((_, index) => index % EVERY === 0);
  const folderOf = ({ manifests }: CorpusCase): string => path.dirname(manifests[0] ?? '');
  const casesOf = (semantics: CorpusCase['semantics']): [string, CorpusCase][] =>
    sampleOf(corpusCases.filter((each) => each.semantics === semantics)).map((each) => [
      each.id,
      each,
    ]);

  it.each(casesOf('connlist-workload'))('list %s', async (_, each) => {
    const { code, stdout } = await analyze('list', '-f', folderOf(each));

    expect(rowDifferences(JSON.parse(stdout) as ConnectivityRow[], each.expected)).toEqual([]);
    expect(code).toBe(0);
  });

  it.each(sampleOf(diffCases).map((each) => [each.id, each] as const))(
    'diff %s',
    async (_, each) => {
      const [before = '', after = ''] = [each.before, each.after].map((id) =>
        folderOf(corpusCases.find((candidate) => candidate.id === id)!),
      );

      const { code, stdout } = await analyze('diff', '-f', before, '-f', after);

      const changes = JSON.parse(stdout) as Record<string, never>[];
      const side = (which: string): never[] =>
        changes.map((row) => ({ ...row, connections: row[which] }) as never);
      expect(diffDifferences(side('before'), side('after'), each.expected)).toEqual([]);
      expect(code).toBe(1);
    },
  );

  it.each(casesOf('must-reject'))('refuses %s', async (_, each) => {
    const { code, stdout } = await analyze('list', '-f', folderOf(each));

    const [problem] = JSON.parse(stdout) as Record<string, string>[];
    expect(Object.keys(problem ?? {})).toEqual(['file', 'path', 'code', 'message']);
    expect(problem?.['file']).toContain(folderOf(each));
    expect(code).toBe(2);
  });
});

function analyze(command: string, ...args: string[]): ReturnType<typeof runPicket> {
  return runPicket(['analyze', command, ...args, '-o', 'json', '--host-network-as-pods']);
}
