import type { Policy } from '../model/policy.ts';
import { compilePolicy, type CompiledPolicy } from './compiled-policy.ts';
import { Decisions, UNKNOWN } from './decisions.ts';
import { EndClasses } from './end-classes.ts';
import { LabelClasses } from './label-classes.ts';
import { NetworkSets } from './network-sets.ts';
import { PortFunctions } from './port-functions.ts';
import { Reaches } from './reaches.ts';
import { Truths } from './truth.ts';
import { Vocabulary } from './vocabulary.ts';
import { Zones } from './zones.ts';

/**
 * What an engine and all that came from it by edits have found out. Everything here is only added to and means the same for all of them,
 * so an edit shares the work that it does not undo.
 */
export class Knowledge {
  readonly truths = new Truths();
  readonly vocabulary = new Vocabulary();
  readonly labels = new LabelClasses(this.vocabulary);
  readonly networks = new NetworkSets();
  readonly zones = new Zones();
  readonly ends = new EndClasses();
  readonly decisions = new Decisions();
  /** From points to decisions. */
  readonly functions = new PortFunctions();
  /** From points to verdicts: places in `VERDICTS`. */
  readonly verdictFunctions = new PortFunctions();
  readonly #verdictFunctionOf: number[] = [];
  readonly reaches = new Reaches(this.functions, this.decisions);
  #policyCount = 0;

  addPolicy(policy: Policy): CompiledPolicy {
    return compilePolicy(this.#policyCount++, policy);
  }

  /** The verdicts of a function from points to decisions. */
  verdictFunctionOf(id: number): number {
    return (this.#verdictFunctionOf[id] ??= this.verdictFunctions.idOf(
      [...this.functions.startsOf(id)],
      [...this.functions.valuesOf(id)].map(
        (decision) => this.decisions.verdicts.values[decision] ?? UNKNOWN,
      ),
    ));
  }
}
