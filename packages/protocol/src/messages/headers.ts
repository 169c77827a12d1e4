import { int16, int32, string } from '../schema/field.ts';
import { message } from '../schema/message.ts';

/** Header of every request. */
export const RequestHeader = message('RequestHeader', [0, 2], 2, {
  requestApiKey: int16,
  requestApiVersion: int16,
  correlationId: int32,
  clientId: string.nullable().since(1).ignorable().inflexible(),
});

/** Header of every response. */
export const ResponseHeader = message('ResponseHeader', [0, 1], 1, { correlationId: int32 });
