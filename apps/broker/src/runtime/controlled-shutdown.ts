import type { ClusterImage } from '../core/metadata/image.ts';
import { isActive } from '../core/metadata/lives.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { BrokerRegistration } from './broker-registration.ts';

/** What handing over needs. */
export interface ControlledShutdownOptions {
  readonly brokerId: number;
  readonly registration: Pick<BrokerRegistration, 'beginControlledShutdown'>;
  /** The image in force at this broker. */
  readonly image: () => ClusterImage;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long others may take to lead what this broker leads. */
  readonly timeoutMs: number;
}

/** How often the image is looked at: a producer waits no longer than that for nothing. */
const LOOK_MS = 10;

/**
 * Has the leadership of this broker's partitions moved to replicas that are in sync, while it still serves: clients are told the
 * new leader, and no request fails that a retry does not heal. Where nobody could follow it settles at once. Never rejects: what
 * cannot be handed over in time goes as in a crash.
 */
export async function handOverLeadership(options: ControlledShutdownOptions): Promise<void> {
  const { brokerId, registration, image, clock, logger, timeoutMs } = options;
  const others = [...image().brokers.values()].filter((broker) => broker.brokerId !== brokerId && isActive(broker));
  if (others.length === 0) return;
  const untilMs = clock.monotonicMs() + timeoutMs;
  try {
    await within(clock, timeoutMs, registration.beginControlledShutdown());
    while (canHandOver(image(), brokerId) && clock.monotonicMs() < untilMs) await pause(clock, LOOK_MS);
    const left = canHandOver(image(), brokerId);
    if (left) logger.warn({ timeoutMs }, 'stopping though this broker still leads partitions that others could lead');
  } catch (error) {
    logger.warn({ reason: error instanceof Error ? error.message : String(error) }, 'leadership cannot be handed over');
  }
}

/** Whether this broker leads a partition that somebody else could lead. */
function canHandOver({ topicsByName, brokers }: ClusterImage, brokerId: number): boolean {
  for (const { partitions } of topicsByName.values()) {
    for (const { leader, isr } of partitions) {
      if (leader === brokerId && isr.some((id) => id !== brokerId && isActive(brokers.get(id)))) return true;
    }
  }
  return false;
}

function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.setTimer(delayMs, resolve));
}

async function within(clock: Clock, timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer = { cancel() {} };
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = clock.setTimer(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)));
  });
  try {
    await Promise.race([work, expiry]);
  } finally {
    timer.cancel();
  }
}
