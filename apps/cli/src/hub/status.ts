import { setTimeout as sleep } from 'node:timers/promises';

import type { HubClient } from './hub-client.ts';
import { listAll } from './list-all.ts';
import { type ClusterFilter, type FleetMember, listStatuses } from './operations.ts';

const PAUSE_MS = 500;

interface Waiting {
  readonly timeoutMs: number;
  readonly onChange: (fleet: readonly FleetMember[]) => void;
  /** When one cluster is done; by default when it has what it should have. */
  readonly isDone?: (member: FleetMember) => boolean;
}

/** How every cluster of the filter stands. */
export function readFleet(hub: HubClient, filter: ClusterFilter): Promise<FleetMember[]> {
  return listAll(async (after) => (await hub.ask(listStatuses, { after, filter })).clusters);
}

/**
 * Reads the fleet until every cluster of it has what it should have, or cannot get it without a person, or time is up.
 * Answers what it saw last; `onChange` hears of each other picture on the way.
 */
export async function untilSettled(
  read: () => Promise<FleetMember[]>,
  { timeoutMs, onChange, isDone = hasWhatItShould }: Waiting,
): Promise<FleetMember[]> {
  const deadline = performance.now() + timeoutMs;
  let lastSummary = '';
  for (;;) {
    const fleet = await read();
    const summary = summarize(fleet);
    if (summary !== lastSummary) onChange(fleet);
    lastSummary = summary;
    if (
      fleet.every((member) => isDone(member) || needsPerson(member)) ||
      performance.now() >= deadline
    )
      return fleet;
    await sleep(PAUSE_MS);
  }
}

/** `2 applied, 1 pending` */
export function summarize(fleet: readonly FleetMember[]): string {
  const phases = Map.groupBy(fleet, ({ status }) => status.phase.toLowerCase());
  return [...phases].map(([phase, members]) => `${members.length} ${phase}`).join(', ');
}

/** Whether a person has to look at it. */
export function isUnwell({ status }: FleetMember): boolean {
  return ['FAILED', 'DRIFTED', 'BLOCKED'].includes(status.phase);
}

export function hasWhatItShould({ status }: FleetMember): boolean {
  return status.phase === 'APPLIED';
}

function needsPerson({ status }: FleetMember): boolean {
  return status.phase === 'FAILED' || status.phase === 'BLOCKED';
}
