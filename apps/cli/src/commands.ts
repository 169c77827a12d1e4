import { BrokerRun } from './commands/broker/run.ts';
import { Consume } from './commands/consume.ts';
import { Produce } from './commands/produce.ts';
import { Start } from './commands/start.ts';
import { TopicsCreate } from './commands/topics/create.ts';
import { TopicsDelete } from './commands/topics/delete.ts';
import { TopicsDescribe } from './commands/topics/describe.ts';
import { TopicsList } from './commands/topics/list.ts';

/** Every command by the name that a user types. */
export const commands = {
  produce: Produce,
  consume: Consume,
  start: Start,
  'broker:run': BrokerRun,
  'topics:create': TopicsCreate,
  'topics:list': TopicsList,
  'topics:describe': TopicsDescribe,
  'topics:delete': TopicsDelete,
};
