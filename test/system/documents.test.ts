import { existsSync } from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parseDocuments } from '@picket/policy';
import { parseAllDocuments } from 'yaml';

import { Checkout } from '../support/documents/checkout.ts';
import { type Block, type MarkdownFile, readMarkdownFiles } from '../support/documents/markdown.ts';
import { TestHub } from '../support/hub/index.ts';
import { type TestCluster, startRealCluster } from '../support/kube/index.ts';
import { describeWith, kubeApiserver } from '../support/services/describe-with.ts';
import { root } from './run-picket.ts';

jest.setTimeout(180_000);

/** Lines of shell that this test does not run, each for a reason. Everything else in a document runs. */
const NOT_RUN: readonly { readonly line: RegExp; readonly because: string }[] = [
  { line: /^npm run demo\b/, because: 'demo.test.ts runs it' },
  { line: /^npm run up\b/, because: 'up.test.ts runs it' },
  { line: /^npm run bench\b/, because: 'it takes minutes, and its figures are for people' },
  { line: /^npm test\b/, because: 'it is what runs this test' },
  {
    line: /^docker /,
    because: 'no container engine; images.test.ts and compose.test.ts hold the files',
  },
  { line: /^deploy\/compose\/make-secrets\.sh/, because: 'compose.test.ts runs it' },
  { line: /^cat deploy\/compose\/secrets\//, because: 'make-secrets.sh makes it' },
  {
    line: /^picket analyze list -f bad /,
    because: 'it is refused, as it should be; analyze-page.test.ts holds it to that',
  },
  { line: /^kubectl apply -k my-/, because: 'manifests.test.ts builds it with a kustomize of old' },
  { line: /^npx picket approve \S/, because: 'it asks a person; second-signer.test.ts runs it' },
  {
    line: /^picket audit verify .*--heads/,
    because: 'heads and key are the operator’s copies; cli-audit.test.ts runs it',
  },
  { line: /^kubectl -n picket-hub rollout/, because: 'nothing runs in the cluster of the test' },
  { line: /^kubectl label namespace/, because: 'the cluster of the test has none of these' },
];
/** Lines that last until they are stopped. */
const SERVICE = /^(npx )?picket agent run\b/;
const SHELL = /^(sh|bash|shell|console)$/;

const files = readMarkdownFiles(root);

it('finds the documents of this repository', () => {
  expect(files.map((file) => file.path)).toEqual(
    expect.arrayContaining(['README.md', 'apps/cli/README.md', 'deploy/blueprints/README.md']),
  );
});

describe('every relative link leads somewhere', () => {
  it.each(files.map((file) => [file.path, file] as const))('%s', (_, file) => {
    const dead = file.links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => !leads(file, link));

    expect(dead).toEqual([]);
  });
});

function leads(from: MarkdownFile, link: string): boolean {
  const [target = '', anchor] = link.split('#');
  const name = target === '' ? from.path : path.join(path.dirname(from.path), target);
  if (!existsSync(path.join(root, name))) return false;
  const file = files.find((each) => each.path === name);
  return anchor === undefined || file === undefined || file.anchors.has(anchor);
}

const yamlBlocks = files.flatMap((file) =>
  file.blocks
    .filter(({ language }) => /^ya?ml$/.test(language))
    .map((block) => [`${file.path}:${block.line}`, block] as const),
);
describe('every YAML block is YAML, and valid where it is a document of Picket', () => {
  it.each(yamlBlocks)('%s', (_, { text }) => {
    const parsed = [parseAllDocuments(text)].flat();
    const isOurs = parsed.some((document) =>
      String(document.get('apiVersion')).startsWith('picket.dev/'),
    );

    expect(parsed.flatMap(({ errors }) => errors)).toEqual([]);
    if (isOurs) expect(parseDocuments(text, text.length).problems).toEqual([]);
  });
});

const scripts = files
  .map((file) => ({
    ...file,
    blocks: file.blocks.filter(({ language, file: target }) => SHELL.test(language) || target),
  }))
  .filter(({ blocks }) =>
    blocks.some((block) => SHELL.test(block.language) && scriptOf(block) !== ''),
  );

it('has no reason for lines that are gone', () => {
  const lines = files.flatMap(({ blocks }) =>
    blocks.filter(({ language }) => SHELL.test(language)).flatMap(({ text }) => linesOf(text)),
  );

  const idle = NOT_RUN.filter(({ line }) => !lines.some((each) => line.test(each)));

  expect(idle).toEqual([]);
});

describeWith(kubeApiserver, 'what documents tell to type works as it is printed', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startRealCluster();
  }, 180_000);
  afterAll(() => cluster?.stop());

  it.each(scripts.map((file) => [file.path, file.blocks] as const))('%s', async (name, blocks) => {
    const hub = await TestHub.start();
    const checkout = new Checkout(root, hub, cluster);

    const failures: string[] = [];
    for (const block of blocks) {
      if (block.file !== undefined) checkout.write(block.file, block.text);
      if (!SHELL.test(block.language)) continue;
      const { code, output } = await checkout.run(scriptOf(block));
      if (code !== 0) failures.push(`${name}:${block.line} ended with ${code}:\n${output}`);
    }
    checkout.close();
    await hub.stop();

    expect(failures.join('\n')).toBe('');
  });
});

/** What of a block runs: services in the background, and a diff or an analysis that finds something is no failure. */
function scriptOf({ text }: Block): string {
  return linesOf(text)
    .filter((line) => !NOT_RUN.some((each) => each.line.test(line)))
    .map((line) => {
      if (SERVICE.test(line)) return `{ ${line}\n} &`;
      return /^(npx )?picket (analyze \w+|diff) [^|]*$/.test(line)
        ? `{ ${line}\n} || [ $? -eq 1 ]`
        : line;
    })
    .join('\n');
}

/** Without comments and empty lines; a line that ends in a backslash goes on. */
function linesOf(text: string): string[] {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/^\$ /, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
