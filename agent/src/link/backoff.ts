/**
 * How long to wait before attempt `attempt` (0 first): full jitter over an exponential ceiling, so that a fleet that lost its hub comes
 * back spread out. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number, baseMs = 500, capMs = 60_000): number {
  return Math.round(random * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 20)));
}
