import { ErrorCode, ZERO_UUID } from '@ks/protocol';
import type { TransactionSequence } from '../core/controller/transactions.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { type MetadataStore, MetadataStoreError } from '../ports/metadata-store.ts';
import { commitInOrder } from './metadata-commit.ts';
import type { MetadataView } from './metadata-loader.ts';
import type { AdminOptions } from './topic-admin.ts';

/** What a change needs. */
export interface ChangeServices {
  readonly store: MetadataStore;
  readonly metadata: MetadataView;
  readonly brokerId: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const CONFLICT_DELAY_MS = 10;

/** What one topic's change comes to: refused, or written by these transactions. */
export type Decision<Extra> =
  | { readonly type: 'refused'; readonly errorCode: number; readonly message: string }
  | {
      readonly type: 'write';
      readonly topicId: string;
      readonly transactions: TransactionSequence;
      readonly extra: Extra;
    };

/** What became of it. `extra` is undefined, and the topic id zero, where it was refused or failed. */
export interface Outcome<Extra> {
  /** A Kafka error code. */
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly topicId: string;
  readonly extra: Extra | undefined;
}

/**
 * Decides from the image in force, writes, and waits until the write is in force; after a conflict it decides again from a newer
 * image. `decide` is called first before this returns. Never rejects.
 */
export async function changeTopic<Extra>(
  services: ChangeServices,
  options: AdminOptions,
  decide: (image: ClusterImage) => Decision<Extra>,
): Promise<Outcome<Extra>> {
  let timer = { cancel() {} };
  let expired = false;
  const expiry = new Promise<Outcome<Extra>>((resolve) => {
    timer = services.clock.setTimer(Math.max(0, options.timeoutMs), () => {
      expired = true;
      resolve(failure(ErrorCode.REQUEST_TIMED_OUT, `not in force after ${options.timeoutMs} ms; it may still come`));
    });
  });
  const change = changeUntil(services, options, decide, () => expired).catch((error: unknown) =>
    failed<Extra>(services, error),
  );
  try {
    return await Promise.race([change, expiry]);
  } finally {
    timer.cancel();
  }
}

async function changeUntil<Extra>(
  { store, metadata, brokerId, clock }: ChangeServices,
  options: AdminOptions,
  decide: (image: ClusterImage) => Decision<Extra>,
  isExpired: () => boolean,
): Promise<Outcome<Extra>> {
  for (;;) {
    const image = metadata.image();
    if (image.controllerId !== brokerId) {
      return failure(ErrorCode.NOT_CONTROLLER, `the controller is broker ${image.controllerId}`);
    }
    const decision = decide(image);
    if (decision.type === 'refused') return failure(decision.errorCode, decision.message);
    const { topicId, extra } = decision;
    const done: Outcome<Extra> = { errorCode: ErrorCode.NONE, errorMessage: null, topicId, extra };
    if (options.validateOnly || decision.transactions.length === 0) return done;
    const result = await commitInOrder(store, decision.transactions);
    if (result.status === 'ok') {
      await metadata.whenApplied(result.revision);
      return done;
    }
    if (isExpired()) return failure(ErrorCode.REQUEST_TIMED_OUT, 'the metadata kept changing');
    await new Promise<void>((resolve) => clock.setTimer(CONFLICT_DELAY_MS, resolve));
  }
}

function failed<Extra>({ logger }: ChangeServices, error: unknown): Outcome<Extra> {
  const message = error instanceof Error ? error.message : String(error);
  logger.error({ error }, 'the metadata could not be written');
  const isFull = error instanceof MetadataStoreError && error.kind === 'no-space';
  return failure(isFull ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.UNKNOWN_SERVER_ERROR, message);
}

function failure<Extra>(errorCode: number, errorMessage: string): Outcome<Extra> {
  return { errorCode, errorMessage, topicId: ZERO_UUID, extra: undefined };
}
