/** The registry's names of schema languages. */
export type SchemaType = 'AVRO' | 'PROTOBUF' | 'JSON';

/** What a schema refers to: a name in its text, and the version of a subject where that is. */
export interface SchemaReference {
  /** A full type name in Avro, a file in Protobuf, a `$ref` in JSON Schema. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema as a registry keeps it. */
export interface Schema {
  readonly type: SchemaType;
  /** JSON for Avro and JSON Schema; for Protobuf a .proto file, or base64 of a FileDescriptorProto. */
  readonly text: string;
  readonly references: readonly SchemaReference[];
}

/** A schema with the id that records carry. */
export interface RegisteredSchema extends Schema {
  readonly id: number;
}

/** A schema as a version of a subject. */
export interface SubjectVersion extends RegisteredSchema {
  readonly subject: string;
  readonly version: number;
}

/** What a subject's next version must be able to do with records of the versions before it. */
export type CompatibilityLevel =
  | 'BACKWARD'
  | 'BACKWARD_TRANSITIVE'
  | 'FORWARD'
  | 'FORWARD_TRANSITIVE'
  | 'FULL'
  | 'FULL_TRANSITIVE'
  | 'NONE';

export interface Compatibility {
  readonly isCompatible: boolean;
  /** Why not, in the registry's words; empty where it does not say. */
  readonly messages: readonly string[];
}
