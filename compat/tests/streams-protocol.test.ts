import { startEmbeddedBroker } from '@ks/broker';
import kafkajs from 'kafkajs';
import { expect } from 'vitest';
import { fetchProgram } from '../src/kafka/program-jars.ts';
import { testWith } from '../src/peers.ts';
import { compileWordCount, startWordCount } from '../src/streams/word-count-app.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

testWith('Kafka')(
  'Kafka Streams with group.protocol=streams (KIP-1071) is told that the broker has no streams groups, and gives up',
  async () => {
    await fetchProgram('streams');
    await using directory = await temporaryDirectory();
    const broker = await startEmbeddedBroker();
    const admin = new kafkajs.Kafka({ brokers: [broker.bootstrap], logLevel: kafkajs.logLevel.NOTHING }).admin();
    let app: ReturnType<typeof startWordCount> | undefined;
    try {
      await admin.connect();
      await admin.createTopics({ topics: ['lines', 'counts'].map((topic) => ({ topic })) });
      await compileWordCount(directory.path);
      app = startWordCount(directory.path, {
        'bootstrap.servers': broker.bootstrap,
        'application.id': 'words',
        'group.protocol': 'streams',
        'state.dir': directory.path,
      });
      const deadline = performance.now() + 60_000;
      while (!app.hasFailed() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(app.printed()).toContain('is ERROR');
      // The client's own words for an API that ApiVersions leaves out.
      expect(app.printed()).toMatch(/UnsupportedVersionException|does not support the STREAMS group protocol/);
      const { groups } = await admin.listGroups();
      expect(groups).toEqual([]);
    } finally {
      await app?.kill();
      await admin.disconnect();
      await broker.stop();
    }
  },
  120_000,
);
