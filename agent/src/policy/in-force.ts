import type { NamespaceTemplate, PolicySet } from '@picket/compiler';

/** How long the clock is trusted to go as it goes: that of the hub, as far as it is known, may be set right meanwhile. */
const CLOCK_MS = 30_000;

export interface InForce {
  /** What holds at this moment. */
  readonly set: PolicySet;
  /** Exceptions whose time is over: as if they were not in the set. */
  readonly ended: readonly NamespaceTemplate[];
  /** After how long to look again (ms); undefined when no time ever changes anything. */
  readonly lookAgainMs: number | undefined;
}

/** What of a set holds at a moment (ms since the epoch): an exception ends when its second begins, whoever is away then. */
export function inForce(set: PolicySet, nowMs: number): InForce {
  const limited = set.templates.filter(({ expiresAt }) => expiresAt !== undefined);
  const ended = limited.filter((template) => endMs(template) <= nowMs);
  if (limited.length === 0) return { set, ended, lookAgainMs: undefined };
  const next = Math.min(...limited.map(endMs).filter((end) => end > nowMs));
  return {
    set: { ...set, templates: set.templates.filter((template) => !ended.includes(template)) },
    ended,
    lookAgainMs: Math.min(next - nowMs, CLOCK_MS),
  };
}

function endMs({ expiresAt = Infinity }: NamespaceTemplate): number {
  return expiresAt * 1_000;
}
