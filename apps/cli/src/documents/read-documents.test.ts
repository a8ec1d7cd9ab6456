import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';

import { joinDocuments, readDocuments, splitDocuments } from './read-documents.ts';

const two = `# a comment first
kind: Blueprint
metadata: { name: web }   # and one beside
spec:
  description: |
    two
    lines
---
# nothing but a comment
---
kind: Assignment
metadata:
  name: everywhere
`;

describe('splitDocuments', () => {
  it('tells line, kind and name of each document and leaves out empty ones', () => {
    const documents = splitDocuments('two.yaml', two);

    expect(documents.map(({ line, kind, name }) => [line, kind, name])).toEqual([
      [2, 'Blueprint', 'web'],
      [11, 'Assignment', 'everywhere'],
    ]);
  });

  it('keeps the meaning of every document when they are joined again', () => {
    const joined = parseAllDocuments(joinDocuments(splitDocuments('two.yaml', two)));

    expect(joined.map((document) => document.toJS())).toEqual([
      { kind: 'Blueprint', metadata: { name: 'web' }, spec: { description: 'two\nlines\n' } },
      { kind: 'Assignment', metadata: { name: 'everywhere' } },
    ]);
  });

  it('reads JSON and indented roots too', () => {
    const joined = joinDocuments(
      [
        `{"kind":"Cluster",\n "metadata":{"name":"a"}}`,
        `  kind: Cluster\n  metadata:\n    name: b\n`,
      ].flatMap((source) => splitDocuments('x', source)),
    );

    expect(parseAllDocuments(joined).map((document) => document.toJS())).toEqual([
      { kind: 'Cluster', metadata: { name: 'a' } },
      { kind: 'Cluster', metadata: { name: 'b' } },
    ]);
  });

  it('names line and column of what is not YAML', () => {
    expect(() => splitDocuments('bad.yaml', 'kind: A\n---\nkind: [B\nmore: C\n')).toThrow(
      /^bad\.yaml:[34]:\d+: /,
    );
  });
});

describe('readDocuments', () => {
  const folder = mkdtempSync(join(tmpdir(), 'picket-documents-'));
  mkdirSync(join(folder, 'below'));
  writeFileSync(join(folder, 'b.yaml'), 'kind: B\n');
  writeFileSync(join(folder, 'a.json'), '{"kind": "A"}');
  writeFileSync(join(folder, 'README.md'), '# not a document');
  writeFileSync(join(folder, 'below', 'c.yml'), 'kind: C\n');

  it('reads the files of a folder in the order of their names', async () => {
    expect((await readDocuments([folder], false)).map(({ kind }) => kind)).toEqual(['A', 'B']);
  });

  it('goes down only when it is told to', async () => {
    expect((await readDocuments([folder], true)).map(({ kind }) => kind)).toEqual(['A', 'B', 'C']);
  });

  it('names the first fault of every document of every file', async () => {
    const [one, two] = ['one.yaml', 'two.yaml'].map((name) => join(folder, 'below', name)) as [
      string,
      string,
    ];
    writeFileSync(one, 'kind: A\n---\nkind: [B\n---\nkind: C\nkind: D\n');
    writeFileSync(two, 'kind: {\n');

    const reading = readDocuments([one, two], false);

    await expect(reading).rejects.toMatchObject({ code: 2 });
    const lines = await reading.catch((error: Error) => error.message.split('\n'));
    expect((lines as string[]).map((line) => line.split(/: /)[0])).toEqual([
      expect.stringMatching(/one\.yaml:[34]:\d+$/),
      expect.stringMatching(/one\.yaml:6:1$/),
      expect.stringMatching(/two\.yaml:[12]:\d+$/),
    ]);
  });

  it('refuses a path that is not there and a file that holds nothing', async () => {
    const empty = join(folder, 'below', 'empty.yaml');
    writeFileSync(empty, '# nothing\n');

    await expect(readDocuments([join(folder, 'nowhere')], false)).rejects.toThrow('no such file');
    await expect(readDocuments([empty], false)).rejects.toThrow('There is no document');
  });
});
