/** Partitions worked on at a time. */
const LANES = 16;

/**
 * Calls `answer` for every partition of every topic, a bounded number of them at a time, and gives the answers in the request's shape
 * and order.
 */
export async function perTopicPartition<T extends { readonly partitions: readonly unknown[] }, A>(
  topics: readonly T[],
  answer: (topic: T, partition: T['partitions'][number]) => A | Promise<A>,
): Promise<{ readonly topic: T; readonly partitions: A[] }[]> {
  const answered = topics.map((topic) => ({ topic, partitions: new Array<A>(topic.partitions.length) }));
  const jobs = answered
    .flatMap((each) => each.topic.partitions.map((partition, index) => ({ each, partition, index })))
    .values();
  const lane = async (): Promise<void> => {
    for (const { each, partition, index } of jobs) each.partitions[index] = await answer(each.topic, partition);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return answered;
}
