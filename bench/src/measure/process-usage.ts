import { readFileSync } from 'node:fs';

/** What a process has used so far, from /proc (Linux). */
export interface ProcessUsage {
  /** User and system time of all its threads. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** The highest `residentBytes` so far. */
  readonly peakResidentBytes: number;
}

/** Clock ticks a second of /proc/<pid>/stat; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Parses the contents of /proc/<pid>/stat and /proc/<pid>/status. */
export function parseUsage(stat: string, status: string): ProcessUsage {
  // The command name may hold spaces and brackets: fields count from the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024;
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    residentBytes: kilobytes('VmRSS'),
    peakResidentBytes: kilobytes('VmHWM'),
  };
}

/** What several processes have used so far, together. */
export function processesUsage(pids: readonly number[]): ProcessUsage {
  const all = pids.map(processUsage);
  const sum = (of: (usage: ProcessUsage) => number): number => all.reduce((total, usage) => total + of(usage), 0);
  return {
    cpuSeconds: sum((usage) => usage.cpuSeconds),
    residentBytes: sum((usage) => usage.residentBytes),
    peakResidentBytes: sum((usage) => usage.peakResidentBytes),
  };
}

/** What process `pid` has used so far. */
export function processUsage(pid: number): ProcessUsage {
  return parseUsage(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8'));
}
