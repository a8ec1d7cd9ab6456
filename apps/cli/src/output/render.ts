import { stringify } from 'yaml';

export const outputFormats = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** A column of a table for people: its head, and what stands in it for one thing. */
export type Column<Thing> = readonly [head: string, cell: (thing: Thing) => string];

/** Renders things as a table for people, or whole as JSON or YAML for programs. Ends without a line break. */
export function render<Thing>(
  format: OutputFormat,
  things: readonly Thing[],
  columns: readonly Column<Thing>[],
): string {
  switch (format) {
    case 'json':
      return JSON.stringify(things, null, 2);
    case 'yaml':
      return stringify(things).trimEnd();
    case 'table':
      return renderTable(things, columns);
  }
}

/** Renders one thing: a table of one row, or the thing itself. */
export function renderOne<Thing>(
  format: OutputFormat,
  thing: Thing,
  columns: readonly Column<Thing>[],
): string {
  if (format === 'json') return JSON.stringify(thing, null, 2);
  return format === 'yaml' ? stringify(thing).trimEnd() : renderTable([thing], columns);
}

/** Columns as wide as their widest cell, as kubectl prints them. */
export function renderTable<Thing>(
  things: readonly Thing[],
  columns: readonly Column<Thing>[],
): string {
  const rows = [
    columns.map(([head]) => head),
    ...things.map((thing) => columns.map(([, cell]) => oneLine(cell(thing)))),
  ];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

const LINE_CHARACTERS_MAX = 1_000;

/** Words of other machines and files: they shall neither steer the terminal nor flood it. */
export function oneLine(text: string): string {
  const line = text.slice(0, LINE_CHARACTERS_MAX + 1).replaceAll(/\p{Cc}+/gu, ' ');
  return line.length > LINE_CHARACTERS_MAX ? `${line.slice(0, LINE_CHARACTERS_MAX)}…` : line;
}

/** `NetworkPolicy` for `networking.k8s.io/v1/NetworkPolicy`. */
export function shortKind(kind: string): string {
  return kind.slice(kind.lastIndexOf('/') + 1);
}

/** `a=1,b=2`, the form in which people write labels. */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
