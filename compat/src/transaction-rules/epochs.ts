import { sleep } from './asker.ts';
import { at, named, other, type Scenario } from './scenario.ts';

export const initialising: Scenario = {
  name: 'initialising',
  async run(asker, tell) {
    const { told, producer } = await asker.init('i1');
    tell('first', told);
    tell('without an id', (await asker.init(null)).told, (await asker.init('')).told);
    tell(
      'with a time-out of 0, of too much',
      (await asker.init('i1', { version: 0, timeoutMs: 0 })).told,
      (await asker.init('i1', { timeoutMs: 900_001 })).told,
    );
    tell(
      'with half of what it has',
      (await asker.init('i1', { has: at(producer, -1) })).told,
      (await asker.init('i1', { has: { ...producer, producerId: -1 } })).told,
    );
    tell('an unknown id with what it has', (await asker.init('i2', { has: named(producer, 'i2') })).told);
    tell('again', (await asker.init('i1')).told);
    tell('with what it has', (await asker.init('i1', { has: at(producer, 1) })).told);
    tell(
      'with what it had before',
      (await asker.init('i1', { has: at(producer, 1) })).told,
      (await asker.init('i1', { has: at(producer, 1) })).told,
    );
    tell(
      'with what it had long ago, by versions 5, 4 and 3',
      ...(await Promise.all(
        [5, 4, 3].map(async (version) => (await asker.init('i1', { has: producer, version })).told),
      )),
    );
    tell(
      'with what it cannot have',
      (await asker.init('i1', { has: at(producer, 9) })).told,
      (await asker.init('i1', { has: at(other(producer), 2) })).told,
    );
  },
};

export const fencing: Scenario = {
  name: 'fencing',
  async run(asker, tell) {
    const { producer } = await asker.init('f1');
    await asker.add(producer);
    await asker.produce(producer, 11, 0);
    tell('another comes', (await asker.init('f1', { waits: false })).told, await asker.state('f1'));
    tell(
      'the first ends',
      (await asker.end(producer, 'commit', 4)).told,
      (await asker.end(producer, 'abort', 4)).told,
      (await asker.end(producer, 'commit', 5)).told,
    );
    tell('the first asks for its next epoch', (await asker.init('f1', { has: producer })).told);
    tell('another comes again', (await asker.init('f1')).told);
    tell(
      'the first',
      (await asker.init('f1', { has: producer })).told,
      await asker.add(producer),
      await asker.add(producer, { version: 1 }),
      await asker.produce(producer, 11, 1),
      (await asker.end(producer, 'abort', 1)).told,
    );
    const second = (await asker.init('f2')).producer;
    await asker.produce(second, 12, 0);
    tell('version 2: another comes', (await asker.init('f2', { waits: false })).told, await asker.state('f2'));
    tell('the first ends', (await asker.end(second, 'commit', 5)).told, (await asker.end(second, 'abort', 5)).told);
    tell('another comes again', (await asker.init('f2')).told);
    tell(
      'the first',
      (await asker.end(second, 'abort', 5)).told,
      (await asker.end(second, 'abort', 4)).told,
      await asker.produce(second, 12, 1),
    );
    const third = (await asker.init('f3')).producer;
    await asker.add(third);
    tell(
      'the owner asks while its transaction is open',
      (await asker.init('f3', { has: third, waits: false })).told,
      await asker.state('f3'),
      (await asker.init('f3', { has: third })).told,
    );
  },
};

export const timeouts: Scenario = {
  name: 'time-outs',
  async run(asker, tell) {
    const one = (await asker.init('t1', { timeoutMs: 100 })).producer;
    const two = (await asker.init('t2', { timeoutMs: 100 })).producer;
    await asker.add(one);
    await asker.produce(two, 12, 0);
    for (const { id } of [one, two]) while ((await asker.state(id)) === 'Ongoing') await sleep(100);
    tell('both', await asker.state('t1'), await asker.state('t2'));
    tell(
      'version 1',
      (await asker.end(one, 'commit', 4)).told,
      (await asker.end(one, 'abort', 4)).told,
      await asker.add(one),
    );
    tell('version 1 goes on with its next epoch', (await asker.init('t1', { has: one })).told);
    tell('version 2', (await asker.end(two, 'commit', 5)).told, (await asker.end(two, 'abort', 5)).told);
  },
};
