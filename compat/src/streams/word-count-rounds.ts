import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { type KsProcess, startKsProcess } from '../ks-process.ts';
import { freePort } from '../processes/free-port.ts';
import { compileWordCount, startWordCount, type WordCountApp } from './word-count-app.ts';
import { checkCounts, countsIn, isCounted, wordsIn } from './word-counts.ts';

/** What Kafka Streams promises: no word is left out, or none is left out or counted twice. */
export type Guarantee = 'at_least_once' | 'exactly_once_v2';

/** What may befall them while they work. */
export type Blow =
  | 'the broker is killed'
  | 'the application is killed'
  | 'the application starts anew, without its state';

/** What a run saw. */
export interface WordCountRun {
  /** Wrong counts; none is the only good answer. */
  readonly broken: readonly string[];
  /** Words that were counted. */
  readonly words: number;
  /** Topics when it was over, with their configurations. */
  readonly topics: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Where the repartition topic's partitions begin: Streams deletes what it has read there. */
  readonly repartitionStarts: readonly number[];
}

/** Waits until `holds()`, two minutes at most, and no longer than the application lives. */
async function reach(what: string, app: WordCountApp, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!(await holds())) {
    if (app.hasFailed() || performance.now() > deadline)
      throw new Error(`${what} did not come: ${app.hasFailed() ? 'the application failed' : 'late'}\n${app.printed()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Says lines, some at a time, until it is told to stop; what an answer failed to come for may be there twice. */
async function speak(client: kafkajs.Kafka, topic: string, isOver: () => boolean): Promise<void> {
  const producer = client.producer();
  await producer.connect();
  for (let count = 0; !isOver(); count += 1) {
    const messages = Array.from({ length: 10 }, (_, index) => ({ value: `all ${count % 7} of ${index} were said` }));
    await producer.send({ topic, messages }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await producer.disconnect();
}

/** Runs the application with one guarantee while lines come in, deals it the blows one after the other, and counts after it. */
export async function wordCountRounds(
  directory: string,
  guarantee: Guarantee,
  blows: readonly Blow[],
): Promise<WordCountRun> {
  const within = (name: string): string => join(directory, name);
  const [data, classes, state] = [within('data'), within('classes'), within('state')];
  await mkdir(classes, { recursive: true });
  await compileWordCount(classes);
  const port = await freePort();
  const startBroker = (): Promise<KsProcess> =>
    startKsProcess(data, port, { 'num.partitions': '2', 'group.min.session.timeout.ms': '1000' });
  let broker = await startBroker();
  const { bootstrap } = broker;
  const client = new kafkajs.Kafka({
    brokers: [bootstrap],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 20, initialRetryTime: 50, maxRetryTime: 200 },
    requestTimeout: 3000,
  });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: ['lines', 'counts'].map((topic) => ({ topic, numPartitions: 2 })) });
  const startApp = (): WordCountApp =>
    startWordCount(classes, {
      'bootstrap.servers': bootstrap,
      'application.id': 'words',
      'processing.guarantee': guarantee,
      'state.dir': state,
      'statestore.cache.max.bytes': '0',
      'commit.interval.ms': '100',
      'repartition.purge.interval.ms': '100',
      'num.stream.threads': '2',
      'consumer.session.timeout.ms': '3000',
      'consumer.heartbeat.interval.ms': '500',
      'consumer.auto.offset.reset': 'earliest',
    });
  let app = startApp();
  let isOver = false;
  const speaking = speak(client, 'lines', () => isOver);
  /** Waits until what was said until now has been counted. */
  const goesOn = async (after: string): Promise<void> => {
    const words = await wordsIn(bootstrap, 'lines');
    await reach(`counting after ${after}`, app, async () => isCounted(words, await countsIn(bootstrap, 'counts')));
  };
  try {
    await goesOn('the start');
    for (const blow of blows) {
      if (blow === 'the broker is killed') {
        await broker.end('SIGKILL');
        broker = await startBroker();
      } else {
        if (blow === 'the application is killed') await app.kill();
        else {
          await app.close();
          await rm(state, { recursive: true, force: true });
        }
        app = startApp();
      }
      await goesOn(blow);
    }
    isOver = true;
    await speaking;
    await goesOn('the last line');
    await app.close();
    const [words, counts] = [await wordsIn(bootstrap, 'lines'), await countsIn(bootstrap, 'counts')];
    return {
      broken: checkCounts(words, counts, guarantee === 'exactly_once_v2'),
      words: [...words.values()].reduce((sum, count) => sum + count, 0),
      topics: await configsOf(admin, ['words-counts-changelog', 'words-words-repartition']),
      repartitionStarts: (await admin.fetchTopicOffsets('words-words-repartition')).map(({ low }) => Number(low)),
    };
  } finally {
    isOver = true;
    await app.kill();
    await speaking.catch(() => undefined);
    await admin.disconnect();
    await broker.end('SIGKILL');
  }
}

async function configsOf(
  admin: kafkajs.Admin,
  names: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
}
