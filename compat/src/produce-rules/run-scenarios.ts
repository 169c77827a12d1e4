import { Wire } from '../transaction-rules/wire.ts';
import { appendTimes, compression, deletion, ids, sequences, unknown } from './producers.ts';
import { Sender } from './sender.ts';
import { addresses, keys, limits, structure } from './validation.ts';

const scenarios = [
  ...[structure, limits, keys, addresses],
  ...[ids, sequences, unknown, appendTimes, compression, deletion],
];

/** Plays every scenario against the broker on that port of this machine; gives what it was told, line by line. */
export async function runProduceScenarios(port: number): Promise<string> {
  using wire = await Wire.connect(port);
  const sender = new Sender(wire);
  const lines: string[] = [];
  for (const { name, run } of scenarios) {
    lines.push(`# ${name}`);
    await run(sender, (asked, ...told) => lines.push(`${asked}: ${told.join(' | ')}`));
  }
  return `${lines.join('\n')}\n`;
}
