import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import type { Answer, Data } from '../support/hub/index.ts';
import { listenEverywhere } from './access-matrix/listening.ts';
import type { Operation, Question } from './access-matrix/operation.ts';
import { OPERATIONS } from './access-matrix/operations.ts';
import { LETTERS, LINES, WHO, type Who } from './access-matrix/table.ts';
import type { Place } from './access-matrix/place.ts';
import { World } from './access-matrix/world.ts';

jest.setTimeout(60_000);

const SUBSCRIPTION = 'clusterChanged';
const AT_ONCE = 8;

interface Cell {
  readonly who: number;
  readonly at: number;
  readonly expected: string;
}
const cellsOf = (cells: readonly string[]): Cell[] =>
  cells.flatMap((letters, who) =>
    letters.split('').flatMap((expected, at) => (expected === '.' ? [] : [{ who, at, expected }])),
  );
const asLine = (cells: readonly Cell[], got: (cell: Cell) => string): string =>
  WHO.map((_, who) =>
    [0, 1, 2, 3]
      .map((at) => {
        const cell = cells.find((one) => one.who === who && one.at === at);
        return cell ? got(cell) : '.';
      })
      .join(''),
  ).join(' ');

let world: World;
let places: Place[];
const tokens: Partial<Record<Who, string>> = {};

beforeAll(async () => {
  world = await World.start();
  const { adminToken: admin } = world.hub;
  ({ places } = await world.settle());

  await world.do('saveRole', { name: 'clerk', permissions: ['Cluster:read'] }, '{ name }', admin);
  const project = 'shop';
  const clusterSelector = { matchLabels: { tier: 'prod' } };
  Object.assign(tokens, {
    Org: admin,
    Platform: await world.holder('PlatformAdmin', { project }, admin),
    Clusters: await world.holder('PlatformAdmin', { project, clusterSelector }, admin),
    Project: await world.holder('ProjectAdmin', { project }, admin),
    Editor: await world.holder('NamespaceEditor', { project, claim: 'web' }, admin),
    Viewer: await world.holder('NamespaceViewer', { project, claim: 'web' }, admin),
    Auditor: await world.holder('Auditor', {}, admin),
    Custom: await world.holder('clerk', { project }, admin),
    Bare: (await places[0]!.token()).secret,
    Agent: await world.agentToken(places[0]!),
  } satisfies Partial<Record<Who, string>>);
});
afterAll(() => world?.stop());

/** One letter for an answer; a code that has none is written out. */
function letterOf({ data, errors }: Answer, { missing }: Operation, { shows }: Question): string {
  const code = codeOf({ data, errors });
  if (code === undefined) return (shows?.(data) ?? true) ? '+' : '0';
  return code === missing ? 'M' : (LETTERS[code] ?? `<${code}>`);
}

/** Of an error, of what it holds, or of a problem that kept something from being done. */
function codeOf({ data, errors }: Answer): string | undefined {
  const [error] = errors;
  if (error) {
    const { code, details } = error.extensions as { code: string; details?: Data };
    return code === 'INPUT_INVALID' ? details?.['problems'][0].code : code;
  }
  const problems = Object.values(data).flatMap((result) => (result as Data)?.['problems'] ?? []);
  return problems.find(({ severity }: Data) => severity === 'error')?.code;
}

async function askAll(operation: Operation, cells: readonly Cell[]): Promise<Map<Cell, string>> {
  const letters = new Map<Cell, string>();
  const shared = new Map<number, Promise<Question>>();
  const arrange = ({ who, at }: Cell): Promise<Question> =>
    operation.arrange(places[at]!, tokens[WHO[who]!]);
  const arrangeOnce = (cell: Cell): Promise<Question> => {
    if (operation.isOwn) return arrange(cell);
    if (!shared.has(cell.at)) shared.set(cell.at, arrange(cell));
    return shared.get(cell.at)!;
  };
  const act = async (cell: Cell, question: Question): Promise<void> => {
    const answer = await world.ask(question.query, question.variables, tokens[WHO[cell.who]!]);
    letters.set(cell, letterOf(answer, operation, question));
  };

  const mayChange = (cell: Cell): boolean => cell.expected === '+';
  const quiet = cells.filter((cell) => !mayChange(cell));
  const questions = [];
  for (const cell of quiet) questions.push([cell, await arrangeOnce(cell)] as const);
  const before = await world.state();
  for (let start = 0; start < questions.length; start += AT_ONCE)
    await Promise.all(
      questions.slice(start, start + AT_ONCE).map(([cell, question]) => act(cell, question)),
    );
  if ((await world.state()) !== before) throw new Error('What was refused has changed something');

  for (const cell of cells.filter(mayChange)) {
    const question = await (operation.missing === undefined ? arrangeOnce(cell) : arrange(cell));
    const isWrite = question.query.startsWith('mutation');
    const state = isWrite ? await world.state() : '';
    await act(cell, question);
    if (isWrite && letters.get(cell) === '+' && (await world.state()) === state)
      letters.set(cell, '<nothing changed>');
  }
  return letters;
}

describe('the table', () => {
  it('has a line for every operation of the schema, and none for another', async () => {
    const schema = await readFile('apps/control-plane/schema.graphql', 'utf8');
    const operations = ['Query', 'Mutation', 'Subscription'].flatMap((type) => {
      const body = new RegExp(`^type ${type} \\{\\n([^]*?)^\\}`, 'm').exec(schema)?.[1] ?? '';
      return [...body.matchAll(/^ {2}(\w+)[(:]/gm)].map(([, name]) => name!);
    });
    const firstWords = LINES.map(({ name }) => name.split(' ')[0]!);

    expect(operations.length).toBeGreaterThan(70);
    expect([...new Set(firstWords)].toSorted()).toEqual(operations.toSorted());
    expect(LINES.map(({ name }) => name).toSorted()).toEqual(
      [...Object.keys(OPERATIONS), SUBSCRIPTION].toSorted(),
    );
  });

  it('has at least 1,000 cells', () => {
    const cells = LINES.map((line) => cellsOf(line.cells).length);

    expect(cells.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(1_000);
    for (const line of LINES) {
      expect(line.cells).toHaveLength(WHO.length);
      for (const letters of line.cells) expect(letters).toMatch(/^[+0FPMEODU.]{4}$/);
    }
  });
});

describe('everybody gets what the table says', () => {
  it.each(LINES.filter(({ name }) => name !== SUBSCRIPTION))('$name', async ({ name, cells }) => {
    const wanted = cellsOf(cells);

    const letters = await askAll(OPERATIONS[name]!, wanted);

    expect(asLine(wanted, (cell) => letters.get(cell) ?? '?')).toBe(cells.join(' '));
  });

  it('clusterChanged', async () => {
    const { cells } = LINES.find(({ name }) => name === SUBSCRIPTION)!;
    const wanted = cellsOf(cells);

    const heard = await listenEverywhere(
      world,
      places,
      WHO.map((who) => tokens[who] ?? ''),
    );

    expect(asLine(wanted, ({ who, at }) => heard[who]![at]!)).toBe(cells.join(' '));
  });
});
