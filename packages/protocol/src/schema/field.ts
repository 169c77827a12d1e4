import type { Splice } from '../wire/splice.ts';
import { ZERO_UUID } from '../wire/uuid.ts';

export type Kind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'int64Exact'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records'
  | 'array'
  | 'struct';

/** No version at all: the end of every range that is open. */
export const NEVER = 32767;

/** What a field is; the single source from which types, encoder and decoder come. */
export interface Spec {
  readonly kind: Kind;
  /** First and last version that have the field. */
  readonly since: number;
  readonly until: number;
  /** First and last version in which it may be null. */
  readonly nullableSince: number;
  readonly nullableUntil: number;
  /** Tag number in the tagged section from `taggedSince` on; -1: in the body. */
  readonly tag: number;
  readonly taggedSince: number;
  /** What a decoder fills in where the version lacks the field, and an encoder where the value leaves it out. */
  readonly default: unknown;
  /** May be dropped in silence by a version that lacks it. */
  readonly ignorable: boolean;
  /** Keeps the old encoding inside a flexible message (the client id of a request header). */
  readonly inflexible: boolean;
  readonly element?: Spec;
  readonly fields?: readonly (readonly [name: string, spec: Spec])[];
}

/**
 * One field of a message. `Out` is the decoded type, `In` what an encoder takes, `Optional` whether an encoder's value may leave
 * it out. Every method returns a changed copy.
 */
export class Field<Out, In = Out, Optional extends boolean = false> {
  declare readonly out: Out;
  declare readonly in: In;
  declare readonly optional: Optional;
  readonly spec: Spec;

  constructor(spec: Spec) {
    this.spec = spec;
  }

  /** The first version that has the field. */
  since(version: number): Field<Out, In, true> {
    return new Field({ ...this.spec, since: version });
  }
  /** The last version that has the field. */
  until(version: number): Field<Out, In, true> {
    return new Field({ ...this.spec, until: version });
  }
  /** May be null, from `since` to `until`. */
  nullable(since = 0, until = NEVER): Field<Out | null, In | null, Optional> {
    return new Field({ ...this.spec, nullableSince: since, nullableUntil: until });
  }
  /** What is meant where the field is left out. */
  default(value: Out): Field<Out, In, true> {
    return new Field({ ...this.spec, default: value });
  }
  /** Lies in the tagged section from version `since` on. */
  tag(tag: number, since: number): Field<Out, In, true> {
    return new Field({ ...this.spec, tag, taggedSince: since, since: Math.max(this.spec.since, since) });
  }
  /** A version without the field drops it in silence. */
  ignorable(): Field<Out, In, Optional> {
    return new Field({ ...this.spec, ignorable: true });
  }
  /** Keeps the old encoding in flexible versions. */
  inflexible(): Field<Out, In, Optional> {
    return new Field({ ...this.spec, inflexible: true });
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the constraint of an inferred type, never a value.
export type AnyField = Field<any, any, boolean>;
export type Fields = { readonly [name: string]: AnyField };
/** A decoded message: every field is there. */
export type Decoded<F extends Fields> = { readonly [K in keyof F]: F[K]['out'] };
/** A message to encode: a field that not all versions have, or that has a default, may be left out. */
export type Encodable<F extends Fields> = {
  readonly [K in keyof F as F[K]['optional'] extends true ? never : K]: F[K]['in'];
} & {
  readonly [K in keyof F as F[K]['optional'] extends true ? K : never]?: F[K]['in'] | undefined;
};

function make<Out, In = Out>(kind: Kind, zero: unknown, extra: Partial<Spec> = {}): Field<Out, In> {
  return new Field({
    kind,
    since: 0,
    until: NEVER,
    nullableSince: NEVER,
    nullableUntil: NEVER,
    tag: -1,
    taggedSince: NEVER,
    default: zero,
    ignorable: false,
    inflexible: false,
    ...extra,
  });
}

export const bool = make<boolean>('bool', false);
export const int8 = make<number>('int8', 0);
export const int16 = make<number>('int16', 0);
export const uint16 = make<number>('uint16', 0);
export const int32 = make<number>('int32', 0);
export const uint32 = make<number>('uint32', 0);
/** As a number; decoding saturates at the safe integers. */
export const int64 = make<number>('int64', 0);
/** As a bigint, for values that must be echoed to the bit. */
export const int64Exact = make<bigint>('int64Exact', 0n);
export const float64 = make<number>('float64', 0);
/** 22 characters of base64url. */
export const uuid = make<string>('uuid', ZERO_UUID);
export const string = make<string>('string', '');
export const bytes = make<Uint8Array>('bytes', new Uint8Array(0));
/** Record batches: raw bytes in both directions; a splice is counted, not copied. */
export const records = make<Uint8Array, Uint8Array | Splice>('records', new Uint8Array(0));

/** A group of fields. */
export function struct<F extends Fields>(fields: F): Field<Decoded<F>, Encodable<F>> {
  const specs = Object.entries(fields).map(([name, field]) => [name, field.spec] as const);
  return make('struct', undefined, { fields: specs });
}

/** Elements of one type: a field, or the fields of a struct. */
export function array<Out, In>(element: Field<Out, In, boolean>): Field<readonly Out[], readonly In[]>;
export function array<F extends Fields>(element: F): Field<readonly Decoded<F>[], readonly Encodable<F>[]>;
export function array(element: AnyField | Fields): Field<readonly unknown[]> {
  const field: AnyField = element instanceof Field ? element : struct(element);
  return make('array', [], { element: field.spec });
}

/** Whether a version has the field. */
export function inVersion(spec: Spec, version: number): boolean {
  return version >= spec.since && version <= spec.until;
}
/** Whether the field may be null in a version. */
export function isNullable(spec: Spec, version: number): boolean {
  return version >= spec.nullableSince && version <= spec.nullableUntil;
}
/** Whether the field lies in the tagged section of a version. */
export function isTagged(spec: Spec, version: number): boolean {
  return spec.tag >= 0 && version >= spec.taggedSince;
}
