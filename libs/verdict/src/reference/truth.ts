/** Yes, no, or not known and why. */
export type Truth = boolean | Maybe;

export interface Maybe {
  readonly reasons: readonly string[];
}

export function maybe(reason: string): Maybe {
  return { reasons: [reason] };
}

/** Whether one of them holds. */
export function anyOf(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true;
  const reasons = truths.flatMap(reasonsOf);
  return reasons.length > 0 ? { reasons } : false;
}

/** Whether all of them hold. */
export function allOf(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  const reasons = truths.flatMap(reasonsOf);
  return reasons.length > 0 ? { reasons } : true;
}

export function not(truth: Truth): Truth {
  return typeof truth === 'boolean' ? !truth : truth;
}

export function reasonsOf(truth: Truth): readonly string[] {
  return typeof truth === 'boolean' ? [] : truth.reasons;
}
