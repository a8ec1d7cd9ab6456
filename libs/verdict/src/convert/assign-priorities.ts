/** Priorities of a tier are 0 to this. */
export const MAX_PRIORITY = 1_000;

/** Policies of one tier that have one priority today and take `width` of them side by side. */
export interface Place {
  readonly priority: number;
  readonly width: number;
}

/**
 * First priorities for places in the order of judgement: each as near to its present one as the widths before and after it let it be.
 * Undefined when the tier has not enough priorities for all.
 */
export function assignPriorities(places: readonly Place[]): number[] | undefined {
  const firsts: number[] = [];
  let next = 0;
  for (const { priority, width } of places) {
    firsts.push(Math.max(priority, next));
    next = (firsts.at(-1) ?? 0) + width;
  }
  let limit = MAX_PRIORITY + 1;
  for (let index = places.length - 1; index >= 0; index--) {
    limit = Math.min(firsts[index] ?? 0, limit - (places[index]?.width ?? 1));
    firsts[index] = limit;
  }
  return limit < 0 ? undefined : firsts;
}
