/** A client of schema registries with Confluent's HTTP interface: `@ks/client/schema-registry`. */
export { type SchemaRegistryOptions, schemaRegistry } from '../adapters/schema-registry.ts';
export type { LocalReference, LocalSchema, Registration } from './local-schema.ts';
export type { RegistryOptions } from './registered-codec.ts';
export type { CallOptions, RegistryAuth } from './registry-calls.ts';
export type {
  Compatibility,
  CompatibilityLevel,
  RegisteredSchema,
  Schema,
  SchemaReference,
  SchemaType,
  SubjectVersion,
} from './schema.ts';
export type { SchemaRegistry, WriteOptions } from './schema-registry.ts';
export { SchemaRegistryError } from './schema-registry-error.ts';
export {
  recordNameStrategy,
  type SubjectContext,
  type SubjectNameStrategy,
  topicNameStrategy,
  topicRecordNameStrategy,
} from './subject-name.ts';
