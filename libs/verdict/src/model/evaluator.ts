import type { Answer, ConnectivityRow } from './answer.ts';
import type { Flow } from './flow.ts';
import type { Inventory } from './inventory.ts';
import type { Policy } from './policy.ts';
import type { Semantics } from './semantics.ts';

export interface Input {
  readonly inventory: Inventory;
  readonly policies: readonly Policy[];
  readonly semantics?: Partial<Semantics>;
}

/** Answers questions about one cluster at one moment. The reference and the engine are both one of these. */
export interface Evaluator {
  /** Throws PeerUnknown when the flow names a workload that the inventory lacks, FlowInvalid when it is no flow. */
  judge(flow: Flow): Answer;
  /** All pairs of workloads, and outside addresses both ways in the fewest ranges that behave alike; sorted by `src`, then `dst`. */
  connectivity(options?: ConnectivityOptions): ConnectivityRow[];
}

export interface ConnectivityOptions {
  /** Families of outside addresses to list; both by default. */
  readonly families?: readonly (4 | 6)[];
}
