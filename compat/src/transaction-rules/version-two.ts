import { TOPIC } from './asker.ts';
import { at, type Scenario } from './scenario.ts';

export const versionTwo: Scenario = {
  name: 'version 2 (KIP-890)',
  async run(asker, tell) {
    const { producer } = await asker.init('v1');
    tell(
      'produce',
      await asker.produce(producer, 12, 0),
      await asker.produce(producer, 12, 1),
      await asker.produce(producer, 12, 7, { partition: 1 }),
    );
    const committed = await asker.end(producer, 'commit', 5);
    tell('commit', committed.told, await asker.state('v1'));
    tell(
      'again, the other way',
      (await asker.end(producer, 'commit', 5)).told,
      (await asker.end(producer, 'abort', 5)).told,
    );
    tell(
      'in older epochs',
      (await asker.end(at(producer, -1), 'abort', 5)).told,
      await asker.produce(producer, 12, 2),
      await asker.produce(producer, 11, 2),
    );
    tell('commit nothing', (await asker.end(committed.producer, 'commit', 5)).told);
    const aborted = await asker.end(committed.producer, 'abort', 5);
    tell(
      'abort nothing',
      aborted.told,
      await asker.state('v1'),
      (await asker.end(committed.producer, 'abort', 5)).told,
    );
    tell(
      'produce from a sequence in the middle, from the first',
      await asker.produce(aborted.producer, 12, 3),
      await asker.produce(aborted.producer, 12, 0),
    );
    tell('end by version 4', (await asker.end(aborted.producer, 'commit', 4)).told, await asker.state('v1'));
    tell('then by version 5', (await asker.end(aborted.producer, 'commit', 5)).told);
    await asker.add(aborted.producer);
    const mixed = await asker.end(aborted.producer, 'commit', 5);
    tell(
      'begun by version 1, ended by version 5',
      mixed.told,
      await asker.state('v1'),
      (await asker.end(aborted.producer, 'commit', 4)).told,
      (await asker.end(mixed.producer, 'commit', 4)).told,
    );
    tell(
      'added by brokers, some absent',
      await asker.add(mixed.producer, {
        version: 4,
        partitions: [
          [TOPIC, 0],
          ['absent', 0],
        ],
      }),
      await asker.add(mixed.producer, { version: 4 }),
    );
    tell('ended', (await asker.end(mixed.producer, 'abort', 5)).told);
  },
};
