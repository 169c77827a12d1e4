import { administration } from './administration.ts';
import { Asker, TOPIC } from './asker.ts';
import { fencing, initialising, timeouts } from './epochs.ts';
import { groups, offsets } from './offsets.ts';
import { adding, ending, producing } from './partitions.ts';
import { versionTwo } from './version-two.ts';
import { Wire } from './wire.ts';

const scenarios = [
  initialising,
  adding,
  ending,
  producing,
  versionTwo,
  fencing,
  offsets,
  groups,
  timeouts,
  administration,
];

/** Plays every scenario against the broker on that port of this machine; gives what it was told, line by line. */
export async function runScenarios(port: number): Promise<string> {
  using wire = await Wire.connect(port);
  const asker = new Asker(wire);
  await asker.prepare([TOPIC]);
  const lines: string[] = [];
  for (const { name, run } of scenarios) {
    lines.push(`# ${name}`);
    await run(asker, (asked, ...told) => lines.push(`${asked}: ${told.join(' | ')}`));
  }
  return `${lines.join('\n')}\n`;
}
