import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
// Errors that are no DomainError, from graphql-errors.ts.
const OTHERS = [
  'BAD_REQUEST',
  'ID_INVALID',
  'INTERNAL',
  'TEXT_INVALID',
  'TOO_LARGE',
  'UNAVAILABLE',
];

/** Every subclass of DomainError in the hub and the libraries it stands on: name, code and kind. */
async function domainErrors(): Promise<{ name: string; code: string; kind: string }[]> {
  const files = (
    await Promise.all(
      ['apps/control-plane/src', 'libs'].map(async (folder) =>
        (await readdir(path.join(ROOT, folder), { recursive: true })).map((file) =>
          path.join(ROOT, folder, file),
        ),
      ),
    )
  )
    .flat()
    .filter(
      (file) => file.endsWith('.ts') && !file.includes('.test.') && !file.includes('node_modules'),
    );
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return texts.flatMap((text) =>
    [...text.matchAll(/class (\w+) extends DomainError \{([^]*?)^\}/gm)].map(
      ([, name = '', body = '']) => ({
        name,
        code: /readonly code = '(\w+)'/.exec(body)?.[1] ?? `${name} has no code`,
        kind: /readonly kind = '(\w+)'/.exec(body)?.[1] ?? `${name} has no kind`,
      }),
    ),
  );
}

describe('the codes of errors', () => {
  it('are unique, and upper snake', async () => {
    const codes = (await domainErrors()).map(({ code }) => code);

    expect(codes.length).toBeGreaterThan(15);
    expect(codes.toSorted()).toEqual(
      [...new Set([...codes, ...OTHERS])].filter((code) => !OTHERS.includes(code)).toSorted(),
    );
    for (const code of codes) expect(code).toMatch(/^[A-Z][A-Z_]+$/);
  });

  it('stand in ERRORS.md with their kind, each once and no other', async () => {
    const table = await readFile(path.join(ROOT, 'apps/control-plane/ERRORS.md'), 'utf8');

    const listed = [...table.matchAll(/^\| `(\w+)` +\| (\w+) /gm)].map(
      ([, code, kind]) => `${code} ${kind}`,
    );

    const known = (await domainErrors()).map(({ code, kind }) => `${code} ${kind}`);
    const others = listed.filter((entry) => OTHERS.includes(entry.split(' ')[0] ?? ''));
    expect(others).toHaveLength(OTHERS.length);
    expect(listed.filter((entry) => !others.includes(entry)).toSorted()).toEqual(known.toSorted());
  });
});
