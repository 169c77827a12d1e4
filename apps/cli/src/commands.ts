import { Produce } from './commands/produce.ts';
import { TopicsCreate } from './commands/topics/create.ts';
import { TopicsDelete } from './commands/topics/delete.ts';
import { TopicsDescribe } from './commands/topics/describe.ts';
import { TopicsList } from './commands/topics/list.ts';

/** Every command by the name that a user types. */
export const commands = {
  produce: Produce,
  'topics:create': TopicsCreate,
  'topics:list': TopicsList,
  'topics:describe': TopicsDescribe,
  'topics:delete': TopicsDelete,
};
