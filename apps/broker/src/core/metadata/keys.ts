import type { ConfigResourceType } from './image.ts';

export const CLUSTER_KEY = 'cluster';
export const CONTROLLER_KEY = 'controller';
/** The next producer id that no broker has taken: no part of the image. */
export const PRODUCER_IDS_KEY = 'producer-ids';

export const REGISTRATIONS_PREFIX = 'registrations/';
export const registrationKey = (brokerId: number): string => `registrations/${brokerId}`;
export const liveKey = (brokerId: number): string => `live/${brokerId}`;
export const topicKey = (name: string): string => `topics/${name}`;
export const deletionKey = (topicId: string): string => `deletions/${topicId}`;
/** Prefix of all partition keys of a topic. */
export const partitionsPrefix = (topicId: string): string => `partitions/${topicId}/`;
export const partitionKey = (topicId: string, partitionIndex: number): string =>
  `${partitionsPrefix(topicId)}${partitionIndex}`;
export const configsKey = (type: ConfigResourceType, name: string): string => `configs/${type}/${name}`;

/** What a key of the store names. */
export type MetadataKey =
  | { readonly type: 'cluster' }
  | { readonly type: 'controller' }
  | { readonly type: 'registration'; readonly brokerId: number }
  | { readonly type: 'live'; readonly brokerId: number }
  | { readonly type: 'topic'; readonly name: string }
  | { readonly type: 'deletion'; readonly topicId: string }
  | { readonly type: 'partition'; readonly topicId: string; readonly partitionIndex: number }
  | { readonly type: 'config'; readonly resource: string };

/** Undefined for a key that the image does not show (security, producer ids, whatever a later release adds). */
export function parseKey(key: string): MetadataKey | undefined {
  if (key === CLUSTER_KEY) return { type: 'cluster' };
  if (key === CONTROLLER_KEY) return { type: 'controller' };
  const slash = key.indexOf('/');
  const rest = key.slice(slash + 1);
  switch (slash < 0 ? '' : key.slice(0, slash)) {
    case 'registrations':
      return withNumber(rest, (brokerId) => ({ type: 'registration', brokerId }));
    case 'live':
      return withNumber(rest, (brokerId) => ({ type: 'live', brokerId }));
    case 'topics':
      return { type: 'topic', name: rest };
    case 'deletions':
      return { type: 'deletion', topicId: rest };
    case 'partitions': {
      const [topicId = '', index = ''] = rest.split('/', 2);
      return withNumber(index, (partitionIndex) => ({ type: 'partition', topicId, partitionIndex }));
    }
    case 'configs':
      return { type: 'config', resource: rest };
    default:
      return undefined;
  }
}

function withNumber(text: string, make: (value: number) => MetadataKey): MetadataKey | undefined {
  return /^\d{1,10}$/.test(text) ? make(Number(text)) : undefined;
}
