import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import { Environment } from './config.ts';

const HEADER = `# Settings of the hub

Environment variables of all its processes. Generated from the code by \`npm run config-table -w @picket/control-plane\`; do not edit.
`;

interface Setting {
  readonly description?: string;
  readonly default?: string | number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
}

/** The table of every setting, in the order of the schema, as Markdown with columns of equal width. */
function configTable(): string {
  const { properties = {}, required = [] } = z.toJSONSchema(Environment);
  const rows = Object.entries(properties).map(([name, property]) => {
    const setting = property as Setting;
    const fallback = required.includes(name) ? 'required' : '';
    return [
      `\`${name}\``,
      setting.default === undefined ? fallback : `\`${setting.default}\``,
      allowed(setting),
      setting.description ?? '',
    ];
  });
  const table = [['variable', 'default', 'allowed', 'what it is'], ...rows];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  const lines = table.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)));
  const rule = widths.map((width) => '-'.repeat(width));
  return [lines[0] ?? [], rule, ...lines.slice(1)]
    .map((row) => `| ${row.join(' | ')} |\n`)
    .join('');
}

function allowed({ minimum, maximum, enum: words }: Setting): string {
  if (words) return words.join(', ');
  return minimum === undefined ? '' : `${minimum} to ${maximum}`;
}

const text = `${HEADER}\n${configTable()}`;
const file = path.join(import.meta.dirname, '../../../../deploy/hub/configuration.md');
if (process.argv.includes('--check')) {
  if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    process.stderr.write(`${file} is out of date: npm run config-table -w @picket/control-plane\n`);
    process.exitCode = 1;
  }
} else await writeFile(file, text);
