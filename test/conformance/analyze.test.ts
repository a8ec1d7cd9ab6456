import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';
import type { Connections, ConnectivityRow } from '@picket/verdict';

import { diffClusters } from '../../apps/cli/src/analyze/diff-clusters.ts';
import { evalFlows } from '../../apps/cli/src/analyze/eval-flows.ts';
import { listConnectivity } from '../../apps/cli/src/analyze/list-connectivity.ts';
import { diffDifferences, rowDifferences } from '../support/corpora/compare-connectivity.ts';
import { corpora, corpusCases, diffCases, type CorpusCase } from '../support/corpora/corpora.ts';
import { describeWith } from '../support/services/describe-with.ts';

/** What `picket analyze list --host-network-as-pods` asks; the corpora's README says that these tools take such pods for ordinary ones. */
const asked = {
  output: 'json',
  semantics: { hostNetworkAsPods: true, networksMatchPods: false },
  warn: () => undefined,
} as const;

/** kube-network-policies' unit tests name a BaselineAdminNetworkPolicy otherwise than `default`, which an API server refuses. */
function isRefused({ id, type }: CorpusCase): boolean {
  return id.startsWith('kube-network-policies/') && type === 'BANP';
}

/** Folders of the manifests of a case: what people name on the command line. */
function foldersOf({ manifests }: CorpusCase): string[] {
  return [...new Set(manifests.map((file) => path.dirname(file)))];
}

describeWith(corpora, 'picket analyze agrees with public projects', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'picket-analyze-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  describe('list', () => {
    const cases = corpusCases.filter(({ semantics }) => semantics === 'connlist-workload');

    it.each(cases.map((each) => [each.id, each] as const))('%s', async (_, each) => {
      const pieces = await listConnectivity({ ...asked, paths: foldersOf(each) });
      const rows = JSON.parse([...pieces].join('')) as ConnectivityRow[];

      expect(rowDifferences(rows, each.expected)).toEqual([]);
    });
  });

  describe('diff', () => {
    it.each(diffCases.map((each) => [each.id, each] as const))('%s', async (_, each) => {
      const paths = [each.before, each.after].flatMap((id) =>
        foldersOf(corpusCases.find((candidate) => candidate.id === id)!),
      );
      let findings = 0;

      const pieces = await diffClusters({ ...asked, paths, onFinding: () => findings++ }, []);
      const changes = JSON.parse([...pieces].join('')) as Change[];

      expect(
        diffDifferences(
          changes.map((row) => ({ ...row, connections: row.before })),
          changes.map((row) => ({ ...row, connections: row.after })),
          each.expected,
        ),
      ).toEqual([]);
      expect(
        changes.map(({ change, before, after }) => changeOf(before, after) === change),
      ).not.toContain(false);
      expect(findings).toBe(changes.length);
    });
  });

  describe('eval', () => {
    const cases = corpusCases.filter((each) => each.semantics === 'probe-pod' && !isRefused(each));
    const flows = path.join(folder, 'flows.jsonl');

    it.each(cases.map((each) => [each.id, each] as const))('%s', async (_, each) => {
      const lines = each.expected.map(({ src, dst, conns, verdict }) => {
        const [protocol, port] = conns.split(' ');
        const expect = verdict === 'allow' ? 'allowed' : 'denied';
        return JSON.stringify({ src, dst, protocol, port: Number(port), expect });
      });
      writeFileSync(flows, lines.join('\n'));
      let findings = 0;

      const pieces = await evalFlows(
        {
          ...asked,
          paths: each.manifests,
          semantics: { judgeSelf: true },
          onFinding: () => findings++,
        },
        flows,
      );

      expect([...pieces]).toHaveLength(lines.length);
      expect(findings).toBe(0);
    });
  });

  describe('input that an API server refuses', () => {
    const cases = corpusCases.filter((each) => each.semantics === 'must-reject' || isRefused(each));

    it.each(cases.map((each) => [each.id, each] as const))('%s', async (_, each) => {
      const listing = listConnectivity({ ...asked, paths: foldersOf(each) });

      await expect(listing).rejects.toMatchObject({
        code: 2,
        problems: expect.arrayContaining([
          expect.objectContaining({
            file: expect.any(String),
            path: expect.stringMatching(/^(spec|metadata)\./),
          }),
        ]),
      });
    });
  });
});

interface Change {
  readonly src: string;
  readonly dst: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly before: Connections;
  readonly after: Connections;
}

function changeOf(before: Connections, after: Connections): Change['change'] {
  const isEmpty = (connections: Connections): boolean =>
    Object.values(connections).flat().length === 0;
  if (isEmpty(before)) return 'added';
  return isEmpty(after) ? 'removed' : 'changed';
}
