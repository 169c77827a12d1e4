import { describe, expect, test } from 'vitest';
import { renderTable } from '../report.ts';
import { parseUsage, processUsage } from './process-usage.ts';
import { median } from './statistics.ts';
import { bytesToTouch, touchMemory } from './touch-memory.ts';

describe('measuring', () => {
  test('touches what a load will write and more, but half of what is free at most', async () => {
    const megabyte = 1 << 20;
    expect(bytesToTouch(1000 * megabyte, 1e12)).toBe(5024 * megabyte);
    expect(bytesToTouch(1000 * megabyte, 1000 * megabyte)).toBe(500 * megabyte);
    await expect(touchMemory(-1000 * megabyte)).resolves.toBeUndefined();
  });
  test('reads /proc though a process is named with spaces and brackets', () => {
    const stat = '12 (a b) c) S 1 12 12 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 7 0 100 1 1';
    expect(parseUsage(stat, 'VmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n')).toEqual({
      cpuSeconds: 2,
      residentBytes: 1 << 20,
      peakResidentBytes: 2 << 20,
    });
  });
  test.runIf(process.platform === 'linux')('knows this process', () => {
    expect(processUsage(process.pid).residentBytes).toBeGreaterThan(1 << 20);
  });
  test('median', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
  test('a table ends with the ratio of the first peer to the second', () => {
    const row = (peer: string, value: number) => ({ scenario: 's', peer, client: 'c', values: { x: value } });
    expect(renderTable([row('a', 3), row('b', 2)])).toContain('| **ratio** | c | 1.50 |');
  });
});
