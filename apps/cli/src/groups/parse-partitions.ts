import type { Admin, TopicPartition } from '@ks/client';
import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import { namingTopics } from '../errors/unknown-topic.ts';

/** The partitions that `-t` names: `orders`, all of a topic, or `orders:0,2`. Throws NOT_FOUND for what is not there. */
export async function parsePartitions(
  admin: Admin,
  texts: readonly string[],
  place: string,
): Promise<TopicPartition[]> {
  const asked = texts.map((text) => {
    const match = /^([^:]+)(?::(\d+(?:,\d+)*))?$/.exec(text);
    if (match === null) {
      throw new CliError(`${JSON.stringify(text)} is neither TOPIC nor TOPIC:PARTITIONS`, {
        exitCode: ExitCode.USAGE,
        hint: '-t orders or -t orders:0,2',
      });
    }
    return { topic: match[1] ?? '', partitions: match[2]?.split(',').map(Number) };
  });
  const names = asked.map(({ topic }) => topic);
  const described = await namingTopics(admin, names, place, () => admin.describeTopics([...new Set(names)]));
  return asked.flatMap(({ topic, partitions }) => {
    const count = described.find(({ name }) => name === topic)?.partitionCount ?? 0;
    const missing = partitions?.find((partition) => partition >= count);
    if (missing !== undefined) {
      throw new CliError(`topic ${JSON.stringify(topic)} has no partition ${missing}`, {
        exitCode: ExitCode.NOT_FOUND,
        hint: `its partitions are 0 to ${count - 1}`,
      });
    }
    const numbers = partitions ?? Array.from({ length: count }, (_, index) => index);
    return numbers.map((partition) => ({ topic, partition }));
  });
}
