import { describe, expect, test } from 'vitest';
import { brokerImage, clusterImage, partitionImage, topicImage } from '../../tests/cluster-image.ts';
import { KeptLog } from '../../tests/metadata-harness.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import { handOverLeadership } from './controlled-shutdown.ts';

const led = (leader: number, isr: readonly number[]) =>
  clusterImage([topicImage('t', [partitionImage(0, { replicas: [0, 1], isr, leader })])], {
    brokers: new Map([0, 1].map((id) => [id, brokerImage(id)])),
  });

function setup(first: ClusterImage, begin: () => Promise<void> = () => Promise.resolve()) {
  const clock = new VirtualClock();
  const log = new KeptLog();
  const state = { image: first, asked: 0 };
  const registration = {
    beginControlledShutdown: () => {
      state.asked += 1;
      return begin();
    },
  };
  const hand = () =>
    handOverLeadership({
      ...{ brokerId: 0, registration, image: () => state.image, clock, logger: log, timeoutMs: 5000 },
    });
  return { clock, log, state, hand };
}

describe('a broker that is about to stop', () => {
  test('waits until others lead what it led', async () => {
    const { clock, log, state, hand } = setup(led(0, [0, 1]));
    let isOver = false;
    const handing = hand().then(() => {
      isOver = true;
    });
    await clock.pass(1000);
    expect([state.asked, isOver]).toEqual([1, false]);
    state.image = led(1, [1]);
    await clock.settle(handing, 50);
    expect(log.lines).toEqual([]);
  });

  test('does not wait for partitions that nobody else can lead, nor alone for anything', async () => {
    const onlyReplica = setup(led(0, [0]));
    await onlyReplica.clock.settle(onlyReplica.hand());
    expect(onlyReplica.clock.monotonicMs()).toBeLessThan(100);
    const alone = setup(clusterImage([topicImage('t')]));
    await alone.clock.settle(alone.hand());
    expect(alone.state.asked).toBe(0);
  });

  test('stops all the same where nobody takes over in time, or the store is away', async () => {
    const stuck = setup(led(0, [0, 1]));
    await stuck.clock.settle(stuck.hand());
    expect(stuck.log.lines.join()).toContain('still leads');
    const silent = setup(led(0, [0, 1]), () => new Promise(() => {}));
    await silent.clock.settle(silent.hand());
    expect(silent.log.lines.join()).toContain('cannot be handed over');
  });
});
