import { asKafkaError, type KafkaError } from '../kafka-error.ts';
import type { Clock } from '../ports/clock.ts';
import type { Channel, RequestEvent } from '../ports/diagnostics.ts';

type Request = Pick<RequestEvent, 'clientId' | 'broker' | 'api' | 'version'>;

/** Tells how a request went, once it has an answer. */
export function watchRequest(
  channel: Channel<RequestEvent>,
  request: Request,
  clock: Clock,
  answer: Promise<Uint8Array>,
): void {
  const startedAtMs = clock.monotonicMs();
  const tell = (responseBytes: number, error: KafkaError | undefined): void =>
    channel.publish({ ...request, durationMs: clock.monotonicMs() - startedAtMs, responseBytes, error });
  answer.then(
    (frame) => tell(frame.length, undefined),
    (error: unknown) => tell(0, asKafkaError(error)),
  );
}
