import type { Admin, TopicDescription } from '@ks/client';

/** Every topic with its partitions, internal ones too. One that is deleted meanwhile is left out. */
export async function describeAllTopics(admin: Admin): Promise<readonly TopicDescription[]> {
  for (;;) {
    const names = (await admin.listTopics({ includeInternal: true })).map(({ name }) => name);
    try {
      return await admin.describeTopics(names);
    } catch (error) {
      if (!(error instanceof Error && error.name === 'UNKNOWN_TOPIC_OR_PARTITION')) throw error;
    }
  }
}
