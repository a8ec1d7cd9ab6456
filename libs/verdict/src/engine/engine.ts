import type { Answer, ConnectivityRow, DirectionAnswer } from '../model/answer.ts';
import type { ConnectivityOptions, Evaluator, Input } from '../model/evaluator.ts';
import type { Flow, FlowPeer } from '../model/flow.ts';
import { DEFAULT_SEMANTICS } from '../model/semantics.ts';
import { ClassJudge } from './class-judge.ts';
import { Connectivity } from './connectivity.ts';
import { editState, type Change } from './edit-state.ts';
import type { EndId } from './ends.ts';
import { FlowJudge, type FlowColumns, type JudgedColumns } from './flow-judge.ts';
import { pointOf } from './points.ts';
import { refuseImpossible } from './refuse-impossible.ts';
import { compileState, type State } from './state.ts';

/** Evaluates one cluster at one moment, fast. README.md of this folder tells how. */
export class Engine implements Evaluator {
  readonly #state: State;
  readonly #classes: ClassJudge;
  readonly #judge: FlowJudge;
  #connectivity: Connectivity | undefined;

  /** For `compile` and `recompile`. */
  constructor(state: State) {
    this.#state = state;
    this.#classes = new ClassJudge(state);
    this.#judge = new FlowJudge(state, this.#classes);
  }

  judge(flow: Flow): Answer {
    refuseImpossible(flow);
    const [src, dst] = flow.reply ? [flow.dst, flow.src] : [flow.src, flow.dst];
    const source = this.idOf(src);
    const destination = this.idOf(dst);
    const { names } = this.#state.population.ends;
    return this.#judge.answer(source, destination, pointOf(flow), (end) => {
      // An outside end stands for all addresses that are alike, so its name is the flow's.
      const given = end === source ? src : dst;
      return names[end] || ('address' in given ? given.address : given.workload);
    });
  }

  /** Number of an end for `judgeBatch`. Holds for this engine only. Throws PeerUnknown, FlowInvalid. */
  idOf(peer: FlowPeer): EndId {
    return this.#state.directory.find(peer);
  }

  /**
   * Judges flows of packed columns and writes verdicts, and if wanted decisions, into columns of the same length; makes no object per flow.
   * Throws RangeError for an end that `idOf` did not give.
   */
  judgeBatch(flows: FlowColumns, into: JudgedColumns): void {
    this.#judge.judgeBatch(flows, into);
  }

  /** What stands behind a decision of `judgeBatch`. The same object each time, unless its reasons name an end. */
  decision(id: number): DirectionAnswer {
    return this.#state.known.decisions.answer(id, 'this end', 'the other end');
  }

  connectivity(options?: ConnectivityOptions): ConnectivityRow[] {
    return [...this.connectivityRows(options)];
  }

  /** The rows of `connectivity` one by one, in its order: most share their connections, so that many rows need little memory. */
  connectivityRows(options?: ConnectivityOptions): Iterable<ConnectivityRow> {
    return this.reaches.rows(options);
  }

  /** Who reaches whom, as ids of reaches: the form for those who compare many. */
  get reaches(): Connectivity {
    return (this.#connectivity ??= new Connectivity(this.#state, this.#classes));
  }

  /** An engine for the policies after an edit. Shares everything that the edit leaves as it was; this one stays as it is. */
  recompile(change: Change): Engine {
    return new Engine(editState(this.#state, change));
  }
}

/** Compiles inventory and policies, so that judging a flow takes the same time however many policies there are. */
export function compile(input: Input): Engine {
  return new Engine(
    compileState({ ...input, semantics: { ...DEFAULT_SEMANTICS, ...input.semantics } }),
  );
}
