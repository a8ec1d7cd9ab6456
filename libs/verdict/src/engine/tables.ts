import { DIRECTIONS, type Direction } from '../model/policy.ts';
import type { Semantics } from '../model/semantics.ts';
import type { Binding, CompiledPolicy } from './compiled-policy.ts';
import type { NodeRelation } from './decide.ts';
import type { EndClass } from './end-classes.ts';
import type { Knowledge } from './knowledge.ts';
import { PeerMatcher } from './match-peer.ts';
import { asksForOwnEnd, programOf, type Program } from './program.ts';
import { Rows, type Row } from './rows.ts';
import { NO, YES } from './truth.ts';

/**
 * Ids of functions from points to verdicts. There are few of those, and two bytes each: the whole table stays in the processor's cache,
 * where that of decisions does not. `TOO_MANY`: the id has no room, ask the other row.
 */
export type VerdictRow = Uint16Array;
export const TOO_MANY = 65_535;

/** Programs and rows, shared by an engine and its edits: a program is known by what binds, whoever asks. */
export class Tables {
  readonly matcher: PeerMatcher;
  readonly programs: Readonly<Record<Direction, Program[]>> = { egress: [], ingress: [] };
  readonly #known: Knowledge;
  readonly #rows: Rows;
  readonly #ids = new Map<string, number>();
  /** By program, for other ends that are no nodes. */
  readonly #plain: Readonly<Record<Direction, (Row | undefined)[]>> = { egress: [], ingress: [] };
  /** By program: the plain row with verdicts in place of decisions. */
  readonly #verdicts: Readonly<Record<Direction, (VerdictRow | undefined)[]>> = {
    egress: [],
    ingress: [],
  };
  /** By program × 3 + relation, for those that are. */
  readonly #related: Readonly<Record<Direction, Map<number, Row>>> = {
    egress: new Map(),
    ingress: new Map(),
  };

  constructor(known: Knowledge, semantics: Semantics) {
    this.#known = known;
    this.matcher = new PeerMatcher(known, semantics);
    this.#rows = new Rows(known, this.matcher, semantics);
  }

  /** Id of the program of a class that these policies bind. */
  programId(direction: Direction, bindings: readonly Binding[], end: EndClass): number {
    const own = asksForOwnEnd(bindings, direction) ? end : undefined;
    const isPod = end.label.kind === 'pod';
    const list = bindings.map(({ policy, truth }) =>
      truth === YES ? policy.id : `${policy.id}?${truth}`,
    );
    const key = `${direction} ${isPod ? 'pod' : ''} ${own?.id ?? ''} ${list.join()}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const programs = this.programs[direction];
    const id = programs.length;
    programs.push(programOf({ id, direction, isPod, own }, bindings));
    this.#ids.set(key, id);
    return id;
  }

  /** The functions by class of the other end, at least up to class `peer`. */
  row(direction: Direction, programId: number, relation: NodeRelation, peer: number): Row {
    const known =
      relation === NO
        ? this.#plain[direction][programId]
        : this.#related[direction].get(programId * 3 + relation);
    if (known !== undefined && peer < known.length) return known;
    const program = this.programs[direction][programId];
    if (!program) throw new RangeError(`No program ${programId}`);
    const row = this.#rows.rowOf(program, relation);
    if (relation === NO) this.#plain[direction][programId] = row;
    else this.#related[direction].set(programId * 3 + relation, row);
    return row;
  }

  /** Functions from points to verdicts, by class of the other end, at least up to class `peer`. */
  verdictRow(direction: Direction, programId: number, peer: number): VerdictRow {
    const known = this.#verdicts[direction][programId];
    if (known !== undefined && peer < known.length) return known;
    const row = Uint16Array.from(this.row(direction, programId, NO, peer), (id) =>
      Math.min(this.#known.verdictFunctionOf(id), TOO_MANY),
    );
    this.#verdicts[direction][programId] = row;
    return row;
  }

  verdictRowsAsTheyAre(direction: Direction): readonly (VerdictRow | undefined)[] {
    return this.#verdicts[direction];
  }

  /** Rows by program as they are: some are missing, some too short. For those who look first and ask later. */
  rowsAsTheyAre(direction: Direction): readonly (Row | undefined)[] {
    return this.#plain[direction];
  }
}

/** For each label class, the policies that bind it in each direction, as they are judged. */
export type Bindings = Readonly<Record<Direction, (readonly Binding[])[]>>;

/** `policies` as `compareJudged` orders them. */
export function bind(
  policies: readonly CompiledPolicy[],
  known: Knowledge,
  matcher: PeerMatcher,
): Record<Direction, Binding[][]> {
  const bindings: Record<Direction, Binding[][]> = { egress: [], ingress: [] };
  for (const policy of policies)
    for (const { label, truth } of boundBy(policy, known, matcher))
      for (const direction of DIRECTIONS)
        if (policy.policy[direction]) (bindings[direction][label] ??= []).push({ policy, truth });
  return bindings;
}

/** Label classes that the policy binds, or may bind. */
export function boundBy(
  { policy: { subject } }: CompiledPolicy,
  known: Knowledge,
  matcher: PeerMatcher,
): { readonly label: number; readonly truth: number }[] {
  if (subject.kind === 'pods')
    return known.labels.pick(subject).map((label) => ({ label, truth: YES }));
  return known.labels.all.flatMap((label) => {
    const truth = matcher.binds(subject, label);
    return truth === NO ? [] : [{ label: label.id, truth }];
  });
}
