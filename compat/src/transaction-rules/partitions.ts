import { TOPIC } from './asker.ts';
import { at, named, other, type Scenario } from './scenario.ts';

export const adding: Scenario = {
  name: 'adding partitions',
  async run(asker, tell) {
    await asker.init('a1');
    const { producer } = await asker.init('a1');
    for (const version of [0, 1, 2, 3, 4, 5]) {
      tell(
        `in an older, a later epoch, by version ${version}`,
        await asker.add(at(producer, 0), { version }),
        await asker.add(at(producer, 7), { version }),
      );
    }
    tell(
      'as another, as nobody, without an id',
      await asker.add(other(producer)),
      await asker.add(named(producer, 'nobody')),
      await asker.add(named(producer, '')),
    );
    tell(
      'that are not there',
      await asker.add(producer, {
        partitions: [
          [TOPIC, 0],
          [TOPIC, 9],
          ['absent', 0],
        ],
      }),
    );
    tell('of an internal topic', await asker.add(producer, { partitions: [['__consumer_offsets', 0]] }));
    tell(
      'only asking',
      await asker.add(producer, { version: 4, verifyOnly: true }),
      await asker.add(producer, { version: 5, verifyOnly: true }),
    );
    tell(
      'for the first time, again, more',
      await asker.add(producer),
      await asker.add(producer),
      await asker.add(producer, {
        partitions: [
          [TOPIC, 0],
          [TOPIC, 1],
        ],
      }),
    );
    tell(
      'asking then',
      await asker.add(producer, {
        version: 4,
        verifyOnly: true,
        partitions: [
          [TOPIC, 1],
          [TOPIC, 2],
        ],
      }),
    );
    tell('then abort', (await asker.end(producer, 'abort', 3)).told, await asker.state('a1'));
  },
};

export const ending: Scenario = {
  name: 'ending',
  async run(asker, tell) {
    await asker.init('e1');
    const { producer } = await asker.init('e1');
    for (const version of [0, 1, 2, 3, 4]) {
      tell(
        `nothing, by version ${version}`,
        (await asker.end(producer, 'commit', version)).told,
        (await asker.end(producer, 'abort', version)).told,
      );
      tell(
        `in an older, a later epoch, by version ${version}`,
        (await asker.end(at(producer, 0), 'commit', version)).told,
        (await asker.end(at(producer, 7), 'commit', version)).told,
      );
    }
    tell('nothing, by version 5', (await asker.end(producer, 'commit', 5)).told);
    tell(
      'as another, as nobody, without an id',
      (await asker.end(other(producer), 'commit', 4)).told,
      (await asker.end(named(producer, 'nobody'), 'commit', 4)).told,
      (await asker.end(named(producer, ''), 'commit', 4)).told,
    );
    await asker.add(producer);
    tell('after adding', (await asker.end(producer, 'commit', 4)).told, await asker.state('e1'));
    tell(
      'again, the other way',
      (await asker.end(producer, 'commit', 4)).told,
      (await asker.end(producer, 'abort', 4)).told,
    );
    await asker.add(producer);
    tell('the next', (await asker.end(producer, 'abort', 1)).told, await asker.state('e1'));
    tell(
      'again, the other way',
      (await asker.end(producer, 'abort', 1)).told,
      (await asker.end(producer, 'commit', 1)).told,
    );
  },
};

export const producing: Scenario = {
  name: 'producing',
  async run(asker, tell) {
    await asker.init('p1');
    const { producer } = await asker.init('p1');
    for (const version of [3, 9, 10, 11])
      tell(`to what was not added, by version ${version}`, await asker.produce(producer, version, 0));
    tell('in an older epoch', await asker.produce(at(producer, 0), 11, 0), await asker.produce(at(producer, 0), 12, 0));
    tell('without saying as whom', await asker.produce(producer, 11, 0, { withoutId: true }));
    await asker.add(producer);
    tell(
      'in order, again, out of order',
      await asker.produce(producer, 11, 0),
      await asker.produce(producer, 11, 0),
      await asker.produce(producer, 11, 5),
    );
    tell('outside of the open transaction', await asker.produce(producer, 11, 1, { isTransactional: false }));
    await asker.end(producer, 'commit', 4);
    tell('after the end', await asker.state('p1'), await asker.produce(producer, 11, 1));
  },
};
