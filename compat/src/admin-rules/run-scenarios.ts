import { Wire } from '../transaction-rules/wire.ts';
import { access, directories, features, leaders } from './cluster.ts';
import { brokerConfigs, groupConfigs, topicConfigs } from './configs.ts';
import { offsets, reading, sessions } from './fetching.ts';
import { creating, deleting, describing, growing } from './topics.ts';

const scenarios = [
  ...[creating, growing, describing, deleting],
  ...[topicConfigs, brokerConfigs, groupConfigs],
  ...[sessions, reading, offsets],
  ...[leaders, directories, features, access],
];

/** Plays every scenario against the broker on that port of this machine; gives what it was told, line by line. */
export async function runAdminScenarios(port: number): Promise<string> {
  using wire = await Wire.connect(port);
  const lines: string[] = [];
  for (const { name, run } of scenarios) {
    lines.push(`# ${name}`);
    await run(wire, (asked, ...told) => lines.push([asked, told.join(' | ')].filter((each) => each !== '').join(': ')));
  }
  return `${lines.join('\n')}\n`;
}
