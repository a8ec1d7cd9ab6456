import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** Fields of /proc/PID/stat after the command, which may hold spaces (proc(5)). */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** CPU seconds that a process has used, and the children that it has waited for. */
export function cpuSecondsOf(pid: number): number {
  const [utime, stime, cutime, cstime] = statOf(pid).slice(11, 15).map(Number);
  return ((utime ?? 0) + (stime ?? 0) + (cutime ?? 0) + (cstime ?? 0)) / TICKS_PER_SECOND;
}

/** The same for a process and all its children now: PostgreSQL works in one process per connection. */
export function cpuSecondsOfTree(pid: number): number {
  const ofChildren = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return statOf(Number(name))[1] === String(pid) ? cpuSecondsOf(Number(name)) : 0;
      } catch {
        return 0; // it ended meanwhile, and its parent has waited for it
      }
    });
  return ofChildren.reduce((sum, each) => sum + each, cpuSecondsOf(pid));
}

/** Resident memory of a process, bytes. */
export function residentBytesOf(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1_024;
}
