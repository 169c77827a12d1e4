import { ClientErrorCode, KafkaError } from '../kafka-error.ts';

/** A schema registry cannot be reached, or refuses. `retriable` where the same call may succeed later. */
export class SchemaRegistryError extends KafkaError {
  /** Of HTTP; undefined where there was no answer. */
  readonly status: number | undefined;
  /** The registry's own, as 40403; undefined where it gave none. */
  readonly registryCode: number | undefined;

  constructor(
    message: string,
    details: {
      readonly retriable: boolean;
      readonly status?: number | undefined;
      readonly registryCode?: number | undefined;
      readonly cause?: unknown;
    },
  ) {
    super(ClientErrorCode.SCHEMA_REGISTRY, message, { retriable: details.retriable, cause: details.cause });
    this.status = details.status;
    this.registryCode = details.registryCode;
  }
}
