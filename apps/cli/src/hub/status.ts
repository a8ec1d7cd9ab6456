import { setTimeout as sleep } from 'node:timers/promises';

import type { HubClient } from './hub-client.ts';
import { listAll } from './list-all.ts';
import { type ClusterFilter, type FleetMember, listStatuses } from './operations.ts';

const PAUSE_MS = 500;

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
  timeoutMs: number,
  onChange: (fleet: readonly FleetMember[]) => void,
): Promise<FleetMember[]> {
  const deadline = performance.now() + timeoutMs;
  let lastSummary = '';
  for (;;) {
    const fleet = await read();
    const summary = summarize(fleet);
    if (summary !== lastSummary) onChange(fleet);
    lastSummary = summary;
    if (fleet.every(isSettled) || performance.now() >= deadline) return fleet;
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

function isSettled({ status }: FleetMember): boolean {
  return ['APPLIED', 'FAILED', 'BLOCKED'].includes(status.phase);
}
