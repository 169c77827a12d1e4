import { Wire } from '../transaction-rules/wire.ts';
import { GroupAsker } from './asker.ts';
import { classicStatics, joining, protocols, rebalancing, serving } from './classic-groups.ts';
import { consumerOffsets, epochs, refusals, staticMembers, subscriptions } from './consumer-groups.ts';
import { policies, sizes } from './limits.ts';
import { listing, migration, refusedMigration } from './migration.ts';
import type { Scenario } from './scenario.ts';

/** Assignments at once, and time for two to join together: nothing depends on how fast a broker is. */
const config = {
  'group.initial.rebalance.delay.ms': '300',
  'group.consumer.assignment.interval.ms': '0',
};

/** What is asked of a broker with which configuration. */
export const trials: readonly {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly scenarios: readonly Scenario[];
}[] = [
  {
    name: 'by default',
    config,
    scenarios: [
      ...[refusals, epochs, staticMembers, subscriptions, consumerOffsets],
      ...[joining, serving, classicStatics, rebalancing, protocols],
      ...[migration, refusedMigration, listing],
    ],
  },
  {
    name: 'two members at most',
    config: { ...config, 'group.max.size': '2', 'group.consumer.max.size': '2' },
    scenarios: [sizes],
  },
  ...['disabled', 'upgrade', 'downgrade'].map((policy) => ({
    name: `migration ${policy}`,
    config: { ...config, 'group.consumer.migration.policy': policy },
    scenarios: [policies],
  })),
];

/** Plays scenarios against the broker on that port of this machine; gives what it was told, line by line. */
export async function runGroupScenarios(port: number, scenarios: readonly Scenario[]): Promise<string> {
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
