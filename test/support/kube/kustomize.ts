import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { parse, parseAllDocuments, stringify } from 'yaml';

import type { KubeBody } from './kube-client.ts';

/** The objects that `kubectl kustomize` makes of a folder. */
export async function kustomize(folder: string): Promise<KubeBody[]> {
  const kubectl = path.join(process.env['PICKET_TEST_KUBE_ASSETS'] ?? '', 'kubectl');
  const { stdout } = await promisify(execFile)(kubectl, ['kustomize', folder]);
  return parseAllDocuments(stdout).map((document) => document.toJS() as KubeBody);
}

/**
 * The same of the overlay that the README of a base shows (its `yaml` block). The kustomize inside an old kubectl calls folders `bases`
 * and JSON patches `patchesJson6902`, so these two are put into its words.
 */
export async function kustomizeReadme(base: string, readme: string): Promise<KubeBody[]> {
  const [, block = ''] = /```yaml\n(.+?)```/s.exec(readme) ?? [];
  const { resources, patches = [], ...overlay } = parse(block) as KubeBody;
  if (resources?.length !== 1) throw new Error(`The overlay must have one base:\n${block}`);
  const dir = await mkdtemp(path.join(tmpdir(), 'picket-test-overlay-'));
  try {
    await cp(base, path.join(dir, 'base'), { recursive: true });
    const old = {
      ...overlay,
      bases: ['base'],
      patchesJson6902: patches.map(({ target }: KubeBody, at: number) => ({
        target: { group: 'apps', version: 'v1', ...target },
        path: `patch-${at}.yaml`,
      })),
    };
    for (const [at, { patch }] of patches.entries())
      await writeFile(path.join(dir, `patch-${at}.yaml`), patch);
    await writeFile(path.join(dir, 'kustomization.yaml'), stringify(old));
    return await kustomize(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}
