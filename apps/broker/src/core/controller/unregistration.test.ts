import { ErrorCode } from '@ks/protocol';
import { expect, test } from 'vitest';
import { brokerImage, clusterImage, partitionImage, topicImage } from '../../../tests/cluster-image.ts';
import { planUnregistration } from './unregistration.ts';

test('a broker is forgotten once it has stopped and holds nothing', () => {
  const dead = (id: number) => brokerImage(id, { fenced: true, brokerEpoch: -1 });
  const topics = [topicImage('t', [partitionImage(0, { replicas: [0, 1] }), partitionImage(1, { replicas: [1, 0] })])];
  const brokers = new Map([brokerImage(0), dead(1), dead(2)].map((broker) => [broker.brokerId, broker]));
  const image = clusterImage(topics, { brokers });
  expect(planUnregistration(0, image)).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST });
  expect(planUnregistration(1, image)).toMatchObject({ message: expect.stringContaining('2 partitions') });
  expect(planUnregistration(9, image)).toMatchObject({ errorCode: ErrorCode.BROKER_ID_NOT_REGISTERED });
  expect(planUnregistration(2, image)).toEqual({
    type: 'planned',
    plan: {
      conditions: [
        { key: 'controller', createRevision: 1 },
        { key: 'live/2', createRevision: 0 },
      ],
      operations: [{ type: 'delete', key: 'registrations/2' }],
    },
  });
});
