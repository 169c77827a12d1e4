import { api } from '../schema/api.ts';
import { array, int16, int32, string, uuid } from '../schema/field.ts';

/** Deletes topics. */
export const DeleteTopics = api({
  name: 'DeleteTopics',
  key: 20,
  versions: [0, 6],
  flexibleSince: 4,
  listeners: ['broker', 'controller'],
  request: {
    topics: array({ name: string.nullable().default(null), topicId: uuid }).since(6),
    topicNames: array(string).until(5).ignorable(),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    responses: array({
      name: string.nullable(6),
      topicId: uuid.since(6).ignorable(),
      errorCode: int16,
      errorMessage: string.nullable().since(5).default(null).ignorable(),
    }),
  },
});
