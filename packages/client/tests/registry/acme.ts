import type { Message } from '@bufbuild/protobuf';
import { fileDesc, type GenMessage, messageDesc } from '@bufbuild/protobuf/codegenv2';
import { file_google_protobuf_timestamp, type Timestamp } from '@bufbuild/protobuf/wkt';

// As protoc-gen-es would write it, of two files; the descriptors are protoc's. acme/order.proto imports the other one and has
//   message Envelope { map<string, int32> counts = 1; message Line { string sku = 1; int64 cents = 2; } }
//   message Order { string id = 1; int64 cents = 2; Customer customer = 3; google.protobuf.Timestamp at = 4; }

const customerFile = fileDesc('ChNhY21lL2N1c3RvbWVyLnByb3RvEgRhY21lIhgKCEN1c3RvbWVyEgwKBG5hbWUYASABKAliBnByb3RvMw==');
const orderFile = fileDesc(
  'ChBhY21lL29yZGVyLnByb3RvEgRhY21lGhNhY21lL2N1c3RvbWVyLnByb3RvGh9nb29nbGUvcHJvdG9idWYvdGltZXN0YW1wLnByb3RvIokBCghFbnZlbG9wZRIqCgZjb3VudHMYASADKAsyGi5hY21lLkVudmVsb3BlLkNvdW50c0VudHJ5Gi0KC0NvdW50c0VudHJ5EgsKA2tleRgBIAEoCRINCgV2YWx1ZRgCIAEoBToCOAEaIgoETGluZRILCgNza3UYASABKAkSDQoFY2VudHMYAiABKAMibAoFT3JkZXISCgoCaWQYASABKAkSDQoFY2VudHMYAiABKAMSIAoIY3VzdG9tZXIYAyABKAsyDi5hY21lLkN1c3RvbWVyEiYKAmF0GAQgASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcGIGcHJvdG8z',
  [customerFile, file_google_protobuf_timestamp],
);

export type Customer = Message<'acme.Customer'> & { name: string };
export type Envelope = Message<'acme.Envelope'> & { counts: { [key: string]: number } };
export type Line = Message<'acme.Envelope.Line'> & { sku: string; cents: bigint };
export type Order = Message<'acme.Order'> & { id: string; cents: bigint; customer?: Customer; at?: Timestamp };

export const CustomerSchema: GenMessage<Customer> = messageDesc(customerFile, 0);
export const EnvelopeSchema: GenMessage<Envelope> = messageDesc(orderFile, 0);
export const LineSchema: GenMessage<Line> = messageDesc(orderFile, 0, 0);
export const OrderSchema: GenMessage<Order> = messageDesc(orderFile, 1);

/** The same in the other languages. */
export const avroCustomer = {
  type: 'record' as const,
  name: 'Customer',
  namespace: 'acme',
  fields: [{ name: 'name', type: 'string' as const }],
};
export const avroOrder = {
  type: 'record' as const,
  name: 'Order',
  namespace: 'acme',
  fields: [
    { name: 'id', type: 'string' as const },
    { name: 'cents', type: 'long' as const },
    { name: 'note', type: ['null' as const, 'string' as const], default: null },
    { name: 'lines', type: { type: 'array' as const, items: 'string' as const } },
    { name: 'customer', type: 'acme.Customer' },
  ],
};
export interface AvroOrder {
  id: string;
  cents: number;
  note: string | null;
  lines: string[];
  customer: { name: string };
}

export const jsonOrder = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Order',
  type: 'object',
  properties: { id: { type: 'string' }, cents: { type: 'integer', minimum: 0 } },
  required: ['id', 'cents'],
  additionalProperties: false,
};
export interface JsonOrder {
  id: string;
  cents: number;
}
