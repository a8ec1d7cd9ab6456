import { DIRECTIONS, type Direction } from '../model/policy.ts';
import { MAYBE_OWN_NODE, type NodeRelation } from './decide.ts';
import { FAMILIES, IS_NODE, NONE, type EndId } from './ends.ts';
import { UNKNOWN } from './decisions.ts';
import type { Point } from './points.ts';
import type { Row } from './rows.ts';
import type { State } from './state.ts';
import { TOO_MANY, type VerdictRow } from './tables.ts';
import { NO, YES } from './truth.ts';
import { zoneAt } from './zones.ts';

/** Answers for classes of ends, from the tables; what is missing there is made at once. */
export class ClassJudge {
  readonly #state: State;
  readonly #rows: Readonly<Record<Direction, readonly (Row | undefined)[]>>;
  readonly #verdictRows: Readonly<Record<Direction, readonly (VerdictRow | undefined)[]>>;
  #hasAllClasses = false;

  constructor(state: State) {
    this.#state = state;
    this.#rows = {
      egress: state.tables.rowsAsTheyAre('egress'),
      ingress: state.tables.rowsAsTheyAre('ingress'),
    };
    this.#verdictRows = {
      egress: state.tables.verdictRowsAsTheyAre('egress'),
      ingress: state.tables.verdictRowsAsTheyAre('ingress'),
    };
  }

  /** Class of the end over a family. */
  classOf(end: EndId, family: 4 | 6): number {
    const { ends } = this.#state.population;
    const known = (family === 4 ? ends.classes4 : ends.classes6).values[end] ?? NONE;
    return known === NONE ? this.#makeClass(end, family) : known;
  }

  /** The function from points to decisions about two classes. */
  functionOf(direction: Direction, own: number, peer: number): number {
    const program = this.#state.programs[direction].values[own] ?? NONE;
    const row = program === NONE ? undefined : this.#rows[direction][program];
    if (row !== undefined && peer < row.length) return row[peer] ?? 0;
    return this.relatedFunctionOf(direction, own, peer, NO);
  }

  /** The verdict at a point about two classes: place in `VERDICTS`. */
  verdictAt(direction: Direction, own: number, peer: number, point: Point): number {
    const { known, programs } = this.#state;
    const program = programs[direction].values[own] ?? NONE;
    let row = program === NONE ? undefined : this.#verdictRows[direction][program];
    if (row === undefined || peer >= row.length) row = this.#makeVerdictRow(direction, own, peer);
    const id = row[peer] ?? TOO_MANY;
    if (id !== TOO_MANY) return known.verdictFunctions.at(id, point);
    const decision = known.functions.at(this.functionOf(direction, own, peer), point);
    return known.decisions.verdicts.values[decision] ?? UNKNOWN;
  }

  #makeVerdictRow(direction: Direction, own: number, peer: number): VerdictRow {
    this.#makeAllClasses();
    return this.#state.tables.verdictRow(direction, this.programOf(direction, own), peer);
  }

  /** Like `functionOf`, where the peer is a node, which may be the own end's. */
  relatedFunctionOf(
    direction: Direction,
    own: number,
    peer: number,
    relation: NodeRelation,
  ): number {
    const { tables } = this.#state;
    const program = this.programOf(direction, own);
    const isSpared = tables.programs[direction][program]?.sparesOwnNode === true;
    return this.rowOf(direction, own, peer, isSpared ? relation : NO)[peer] ?? 0;
  }

  /** The functions by class of the other end, at least up to class `peer`. */
  rowOf(direction: Direction, own: number, peer: number, relation: NodeRelation = NO): Row {
    this.#makeAllClasses();
    return this.#state.tables.row(direction, this.programOf(direction, own), relation, peer);
  }

  /** Whether the peer is the node of the own end, where that matters: the peer is a node, and the own end a pod and none. */
  relationOf(own: EndId, peer: EndId): NodeRelation {
    const { flags, nodes, workloads } = this.#state.population.ends;
    if (((flags.values[peer] ?? 0) & IS_NODE) === 0) return NO;
    const isPod = workloads.values[own] !== NONE && ((flags.values[own] ?? 0) & IS_NODE) === 0;
    if (!isPod || this.#state.semantics.judgeOwnNode) return NO;
    const ownNode = nodes.values[own] ?? NONE;
    const node = nodes.values[peer] ?? NONE;
    if (ownNode === NONE || node === NONE) return MAYBE_OWN_NODE;
    return ownNode === node ? YES : NO;
  }

  /** Id of the program that binds a class. */
  programOf(direction: Direction, own: number): number {
    const known = this.#state.programs[direction].values[own] ?? NONE;
    return known === NONE ? this.#makeProgram(direction, own) : known;
  }

  #makeClass(end: EndId, family: 4 | 6): number {
    const { known, population, space, programs } = this.#state;
    const { ends } = population;
    const label = known.labels.all[ends.labels.values[end] ?? NONE];
    if (!label) throw new RangeError(`No end ${end}`);
    const addresses = ends.addresses[end] ?? [];
    const own = addresses.filter((address) => (typeof address === 'number') === (family === 4));
    const zones = space && own.map((address) => zoneAt(space[family], address));
    const place = zones && known.ends.placeOf(family, addresses.length === 0 ? 'unknown' : zones);
    const { id } = known.ends.classOf(label, place);
    for (const each of FAMILIES)
      if (each === family || !space) (each === 4 ? ends.classes4 : ends.classes6).values[end] = id;
    for (const direction of DIRECTIONS)
      while (programs[direction].length <= id) programs[direction].push(NONE);
    return id;
  }

  #makeProgram(direction: Direction, own: number): number {
    const { known, tables, bindings, programs } = this.#state;
    const end = known.ends.all[own];
    if (!end) throw new RangeError(`No end class ${own}`);
    const id = tables.programId(direction, bindings[direction][end.label.id] ?? [], end);
    programs[direction].values[own] = id;
    return id;
  }

  /** Before the first row, so that rows need not be made again for each class that turns up. */
  #makeAllClasses(): void {
    if (this.#hasAllClasses) return;
    this.#hasAllClasses = true;
    const { population, space, directory } = this.#state;
    const { ends, count } = population;
    for (let end = 0; end < count; end++)
      for (const family of FAMILIES)
        if (ends.labels.values[end] !== NONE && uses(ends.families.values[end] ?? 0, family))
          this.classOf(end, family);
    for (const family of FAMILIES)
      for (const zone of new Set(space?.[family].zones))
        this.classOf(directory.outside(zone.sample), family);
  }
}

/** Whether the family is among these. */
export function uses(families: number, family: 4 | 6): boolean {
  return (families & (family === 4 ? 1 : 2)) !== 0;
}
