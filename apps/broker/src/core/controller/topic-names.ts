/** Longest topic name, so that `<topic>-<partition>` is a legal file name. */
export const TOPIC_NAME_LENGTH_MAX = 249;

const legal = /^[a-zA-Z0-9._-]+$/;

/** Why a topic cannot have this name (INVALID_TOPIC_EXCEPTION), or undefined where it can. */
export function topicNameFault(name: string): string | undefined {
  if (name === '') return 'a topic name must not be empty';
  if (name === '.' || name === '..') return `a topic must not be named "${name}"`;
  if (name.length > TOPIC_NAME_LENGTH_MAX) {
    return `a topic name may have ${TOPIC_NAME_LENGTH_MAX} characters, this one has ${name.length}`;
  }
  return legal.test(name)
    ? undefined
    : `the topic name ${JSON.stringify(name)} has other characters than ASCII letters, digits, ".", "_" and "-"`;
}

/** Equal for two names that metric names cannot tell apart: "." and "_" collide there. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_');
}

/** Topics that the brokers write themselves; clients may read them. */
export const internalTopics: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
]);
