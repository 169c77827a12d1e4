import { DescribeProducers, errorByCode, ListTransactions } from '@ks/protocol';
import { TOPIC } from './asker.ts';
import type { Scenario } from './scenario.ts';

export const administration: Scenario = {
  name: 'administration',
  async run(asker, tell) {
    const { producer } = await asker.init('x-open');
    await asker.init('x-empty');
    await asker.add(producer);
    await asker.produce(producer, 11, 0);
    const list = async (filters: {
      states?: string[];
      longerThanMs?: number;
      pattern?: string | null;
    }): Promise<string> => {
      const { states = [], longerThanMs = -1, pattern = 'x-.*' } = filters;
      const body = {
        stateFilters: states,
        producerIdFilters: [],
        durationFilter: longerThanMs,
        transactionalIdPattern: pattern,
      };
      const told = await asker.wire.ask(ListTransactions, 2, body);
      const found = told.transactionStates
        .map(({ transactionalId, transactionState }) => `${transactionalId} ${transactionState}`)
        .sort();
      return [
        errorByCode(told.errorCode).name,
        ...told.unknownStateFilters.map((name) => `unknown ${name}`),
        ...found,
      ].join(', ');
    };
    tell(
      'listed',
      await list({}),
      await list({ states: ['Ongoing'] }),
      await list({ states: ['Empty', 'Bogus'] }),
      await list({ states: ['Bogus'] }),
    );
    tell('by pattern, by a broken one', await list({ pattern: 'x-(o|z).*' }), await list({ pattern: 'x-(' }));
    tell('by age', await list({ longerThanMs: 3_600_000 }));
    const { topics } = await asker.wire.ask(DescribeProducers, 0, {
      topics: [
        { name: TOPIC, partitionIndexes: [0, 9] },
        { name: 'absent', partitionIndexes: [0] },
      ],
    });
    tell(
      'producers',
      ...topics.flatMap(({ partitions }) =>
        partitions.map(({ errorCode, activeProducers }) => {
          const own = activeProducers.find(({ producerId }) => producerId === producer.producerId);
          return own === undefined
            ? errorByCode(errorCode).name
            : `epoch ${own.producerEpoch} sequence ${own.lastSequence} ${own.currentTxnStartOffset >= 0 ? 'open' : 'closed'}`;
        }),
      ),
    );
    tell(
      'marked elsewhere',
      await asker.mark(producer, { coordinatorEpoch: 0, topic: 'absent' }),
      await asker.mark(producer, { coordinatorEpoch: 0, partition: 9 }),
    );
    tell(
      'marked as by version 2',
      await asker.mark(producer, { coordinatorEpoch: 0, version: 2, transactionVersion: 2 }),
    );
    tell(
      'marked',
      await asker.mark(producer, { coordinatorEpoch: 0 }),
      await asker.mark(producer, { coordinatorEpoch: 5 }),
      await asker.mark(producer, { coordinatorEpoch: 3 }),
    );
    tell('produce after that', await asker.produce(producer, 11, 1));
    const next = (await asker.init('x-gone')).producer;
    await asker.prepare(['transient']);
    await asker.again(
      () =>
        asker.add(next, {
          partitions: [
            ['transient', 0],
            [TOPIC, 2],
          ],
        }),
      (told) => (told.includes('UNKNOWN') ? 15 : 0),
    );
    await asker.deleteTopic('transient');
    tell(
      'a topic of the transaction is deleted',
      (await asker.end(next, 'commit', 4)).told,
      await asker.state('x-gone'),
    );
  },
};
