/**
 * Kafka's keys that ks takes, keeps and shows, but that change nothing, with why: a broker that is given one says so at its start, and
 * docs/configuration.md does. Names of brokers' and of topics' keys.
 */
export const keysWithoutEffect: ReadonlyMap<string, string> = new Map([
  ...because('segments grow as they are written, and nothing would be gained by taking their size first', [
    'log.preallocate',
    'preallocate',
  ]),
  ...because('there are no such versions', ['unstable.api.versions.enable']),
  ...because('requests between brokers have time-outs of their own', ['request.timeout.ms']),
  ...because('ks has no tiered storage', [
    'log.local.retention.bytes',
    'log.local.retention.ms',
    'log.remote.copy.lag.bytes',
    'log.remote.copy.lag.ms',
    'local.retention.bytes',
    'local.retention.ms',
    'remote.copy.lag.bytes',
    'remote.copy.lag.ms',
    'remote.log.copy.disable',
    'remote.log.delete.on.disable',
    'remote.storage.enable',
  ]),
  ...because('ks has no share groups yet', ['errors.deadletterqueue.group.enable']),
]);

function because(reason: string, names: readonly string[]): readonly (readonly [string, string])[] {
  return names.map((name) => [name, reason]);
}
