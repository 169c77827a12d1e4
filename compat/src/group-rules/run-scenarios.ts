import { Wire } from '../transaction-rules/wire.ts';
import { GroupAsker } from './asker.ts';
import { classicStatics, joining, protocols, rebalancing, serving } from './classic-groups.ts';
import { consumerOffsets, epochs, refusals, staticMembers, subscriptions } from './consumer-groups.ts';
import { listing, migration, refusedMigration } from './migration.ts';

const scenarios = [
  ...[refusals, epochs, staticMembers, subscriptions, consumerOffsets],
  ...[joining, serving, classicStatics, rebalancing, protocols],
  ...[migration, refusedMigration, listing],
];

/** Plays every scenario against the broker on that port of this machine; gives what it was told, line by line. */
export async function runGroupScenarios(port: number): Promise<string> {
  using wire = await Wire.connect(port);
  using otherWire = await Wire.connect(port);
  const asker = new GroupAsker(wire);
  const other = new GroupAsker(otherWire);
  await asker.prepare({ t: 4, u: 2 });
  const lines: string[] = [];
  for (const { name, run } of scenarios) {
    lines.push(`# ${name}`);
    await run(asker, (asked, ...told) => lines.push(`${asked}: ${told.join(' | ')}`), other);
  }
  return `${lines.join('\n')}\n`;
}
