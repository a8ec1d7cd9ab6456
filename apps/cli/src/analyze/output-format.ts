export const outputFormats = ['txt', 'json', 'csv', 'md', 'dot'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** A JSON array with one item on each line, so that line tools can read it too. The items are JSON already. */
export function* jsonArray(items: Iterable<string>): Generator<string> {
  let before = '[\n';
  for (const item of items) {
    yield before + item;
    before = ',\n';
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}

/** A table as CSV (RFC 4180, with line feeds). */
export function* csvTable(
  head: readonly string[],
  rows: Iterable<readonly string[]>,
): Generator<string> {
  yield csvLine(head);
  for (const row of rows) yield csvLine(row);
}

/** A table as Markdown. */
export function* markdownTable(
  head: readonly string[],
  rows: Iterable<readonly string[]>,
): Generator<string> {
  yield markdownLine(head);
  yield markdownLine(head.map(() => '---'));
  for (const row of rows) yield markdownLine(row);
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\n`;
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function markdownLine(cells: readonly string[]): string {
  return `| ${cells.map(markdownCell).join(' | ')} |\n`;
}

function markdownCell(text: string): string {
  return text.replaceAll(/[\\|]/g, '\\$&').replaceAll(/\p{Cc}+/gu, ' ');
}
