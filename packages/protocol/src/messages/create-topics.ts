import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int8, string, uuid } from '../schema/field.ts';

/** Creates topics. */
export const CreateTopics = api({
  name: 'CreateTopics',
  key: 19,
  versions: [0, 7],
  flexibleSince: 5,
  listeners: ['broker', 'controller'],
  request: {
    topics: array({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array({ partitionIndex: int32, brokerIds: array(int32) }),
      configs: array({ name: string, value: string.nullable() }),
    }),
    timeoutMs: int32.default(60000),
    validateOnly: bool.since(1).default(false),
  },
  response: {
    throttleTimeMs: int32.since(2).ignorable(),
    topics: array({
      name: string,
      topicId: uuid.since(7).ignorable(),
      errorCode: int16,
      errorMessage: string.nullable().since(1).ignorable(),
      topicConfigErrorCode: int16.tag(0, 5).ignorable(),
      numPartitions: int32.since(5).default(-1).ignorable(),
      replicationFactor: int16.since(5).default(-1).ignorable(),
      configs: array({
        name: string,
        value: string.nullable(),
        readOnly: bool,
        configSource: int8.default(-1).ignorable(),
        isSensitive: bool,
      })
        .nullable()
        .since(5)
        .ignorable(),
    }),
  },
});
