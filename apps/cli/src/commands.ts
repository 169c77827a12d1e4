import { BrokerRun } from './commands/broker/run.ts';
import { BrokersList } from './commands/brokers/list.ts';
import { ClusterDecommission } from './commands/cluster/decommission.ts';
import { ClusterHealth } from './commands/cluster/health.ts';
import { ClusterInfo } from './commands/cluster/info.ts';
import { Complete } from './commands/complete.ts';
import { Completion } from './commands/completion.ts';
import { Consume } from './commands/consume.ts';
import { DebugErrors } from './commands/debug/errors.ts';
import { GroupsDelete } from './commands/groups/delete.ts';
import { GroupsDeleteOffsets } from './commands/groups/delete-offsets.ts';
import { GroupsDescribe } from './commands/groups/describe.ts';
import { GroupsLag } from './commands/groups/lag.ts';
import { GroupsList } from './commands/groups/list.ts';
import { GroupsSeek } from './commands/groups/seek.ts';
import { Kcat } from './commands/kcat.ts';
import { Produce } from './commands/produce.ts';
import { ProfileCreate } from './commands/profile/create.ts';
import { ProfileCurrent } from './commands/profile/current.ts';
import { ProfileDelete } from './commands/profile/delete.ts';
import { ProfileImport } from './commands/profile/import.ts';
import { ProfileList } from './commands/profile/list.ts';
import { ProfilePrint } from './commands/profile/print.ts';
import { ProfileRename } from './commands/profile/rename.ts';
import { ProfileSet } from './commands/profile/set.ts';
import { ProfileUse } from './commands/profile/use.ts';
import { ProfileValidate } from './commands/profile/validate.ts';
import { Start } from './commands/start.ts';
import { TopicsCreate } from './commands/topics/create.ts';
import { TopicsDelete } from './commands/topics/delete.ts';
import { TopicsDescribe } from './commands/topics/describe.ts';
import { TopicsList } from './commands/topics/list.ts';
import { TopicsOffsets } from './commands/topics/offsets.ts';
import { TopicsPartitions } from './commands/topics/partitions.ts';
import { Version } from './commands/version.ts';

/** Every command by the name that a user types. */
export const commands = {
  produce: Produce,
  consume: Consume,
  kcat: Kcat,
  start: Start,
  'broker:run': BrokerRun,
  'topics:create': TopicsCreate,
  'topics:list': TopicsList,
  'topics:describe': TopicsDescribe,
  'topics:delete': TopicsDelete,
  'topics:partitions': TopicsPartitions,
  'topics:offsets': TopicsOffsets,
  'groups:list': GroupsList,
  'groups:describe': GroupsDescribe,
  'groups:lag': GroupsLag,
  'groups:seek': GroupsSeek,
  'groups:delete': GroupsDelete,
  'groups:delete-offsets': GroupsDeleteOffsets,
  'cluster:info': ClusterInfo,
  'cluster:health': ClusterHealth,
  'cluster:decommission': ClusterDecommission,
  'brokers:list': BrokersList,
  'profile:list': ProfileList,
  'profile:use': ProfileUse,
  'profile:current': ProfileCurrent,
  'profile:create': ProfileCreate,
  'profile:delete': ProfileDelete,
  'profile:print': ProfilePrint,
  'profile:set': ProfileSet,
  'profile:rename': ProfileRename,
  'profile:validate': ProfileValidate,
  'profile:import': ProfileImport,
  'debug:errors': DebugErrors,
  completion: Completion,
  __complete: Complete,
  version: Version,
};
