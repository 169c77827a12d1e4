/** What other tools call something, and the line of ks that does it. */
const foreign: readonly (readonly [RegExp, string])[] = [
  [/^kafka-topics(\.sh)?\b/, 'ks topics list|describe|create|delete'],
  [/^kafka-console-consumer(\.sh)?\b/, 'ks consume TOPIC'],
  [/^kafka-console-producer(\.sh)?\b/, 'ks produce TOPIC'],
  [/^kafka-consumer-groups(\.sh)?\b/, 'ks groups list|describe|lag|seek|delete'],
  [/^kafka-get-offsets(\.sh)?\b/, 'ks topics offsets TOPIC'],
  [/^kafka-configs(\.sh)?\b/, 'ks topics describe TOPIC --configs'],
  [/^kafka-server-start(\.sh)?\b/, 'ks broker run --config FILE'],
  [/^kafka-(metadata-quorum|cluster)(\.sh)?\b/, 'ks cluster info'],
  [/^reset (cgo|consumer-group-offset)/, 'ks groups seek GROUP --to start --execute'],
  [/^(describe|get) brokers?\b/, 'ks brokers list'],
  [/^(group|groups) offsets?\b/, 'ks groups lag GROUP'],
  [/^(node|nodes)\b/, 'ks brokers list'],
  [/^container create|^run\b|^server\b/, 'ks start'],
];

/** Commands of the plan that are not built, by their first words. docs/status.md names them. */
const unbuilt =
  /^(acls?|users?|quotas?|roles?|cp|query|top|txns?|registry|sr|mirror|connect|streams|transform|bench|console|docs|plugins|check|partitions?|(cluster (config|quorum|features|upgrade|elect-leaders|connections|logdirs|top))|(brokers (drain|undrain|decommission|recommission|log-level|describe|status))|(topics? (clone|empty|analyze|apply))|(groups? kick)|(debug (bundle|dump-log|raw|trace))|(broker (init|format)))\b/;

/** What answers `words` of another tool's command line; undefined where they are no such words. */
export function lineFor(words: string): string | undefined {
  return foreign.find(([pattern]) => pattern.test(words))?.[1];
}

/** Whether the words name a command that is planned and not built. */
export function isUnbuilt(words: string): boolean {
  return unbuilt.test(words);
}
