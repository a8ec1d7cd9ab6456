import type { PolicySet } from '@picket/compiler';

import { inForce, type InForce } from './in-force.ts';

/** Watches for the ends of exceptions, by the hub's clock, with or without the hub. */
export class Ends {
  readonly #clock: () => number;
  readonly #onChange: () => void;
  #timer: NodeJS.Timeout | undefined;
  #notBeforeMs = 0;
  /** Exceptions that had ended when it was last looked. */
  count = 0;

  constructor(clock: () => number, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** After a restart, until the hub has spoken: no clock goes behind this (ms), so that what had ended stays ended. */
  notBefore(ms: number): void {
    this.#notBeforeMs = ms;
  }

  nowMs(): number {
    return Math.max(this.#clock(), this.#notBeforeMs);
  }

  /** What of the set holds now. */
  of(set: PolicySet): InForce {
    return inForce(set, this.nowMs());
  }

  /** What of the set holds now; `onChange` when it is something else. */
  watch(set: PolicySet): InForce {
    const found = this.of(set);
    this.count = found.ended.length;
    this.#lookAfter(found.lookAgainMs, set);
    return found;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #lookAfter(ms: number | undefined, set: PolicySet): void {
    clearTimeout(this.#timer);
    if (ms === undefined) return;
    this.#timer = setTimeout(() => {
      const { ended, lookAgainMs } = this.of(set);
      if (ended.length !== this.count) this.#onChange();
      else this.#lookAfter(lookAgainMs, set);
    }, ms);
    this.#timer.unref();
  }
}
