import type { ConsumerGroupConfig, ConsumerGroupPeriods } from './group-config.ts';

/** The periods of a group with its own configuration (`consumer.*`), within the broker's bounds. */
export function periodsOf(
  config: ConsumerGroupConfig,
  overrides: ReadonlyMap<string, string> | undefined,
): ConsumerGroupPeriods {
  if (overrides === undefined) return config;
  const value = (name: string, fallback: number, min: number, max: number): number => {
    const given = Number(overrides.get(name) ?? Number.NaN);
    return Number.isSafeInteger(given) ? Math.min(Math.max(given, min), max) : fallback;
  };
  const { minSessionTimeoutMs, maxSessionTimeoutMs, minHeartbeatIntervalMs, maxHeartbeatIntervalMs } = config;
  const { minAssignmentIntervalMs, maxAssignmentIntervalMs } = config;
  return {
    sessionTimeoutMs: value(
      'consumer.session.timeout.ms',
      config.sessionTimeoutMs,
      minSessionTimeoutMs,
      maxSessionTimeoutMs,
    ),
    heartbeatIntervalMs: value(
      'consumer.heartbeat.interval.ms',
      config.heartbeatIntervalMs,
      minHeartbeatIntervalMs,
      maxHeartbeatIntervalMs,
    ),
    assignmentIntervalMs: value(
      'consumer.assignment.interval.ms',
      config.assignmentIntervalMs,
      minAssignmentIntervalMs,
      maxAssignmentIntervalMs,
    ),
  };
}
