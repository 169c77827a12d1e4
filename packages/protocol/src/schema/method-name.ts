import { isNullable, type Spec } from './field.ts';

/** The reader's and writer's method for a scalar field of a version. */
export function methodName(spec: Spec, version: number, flexible: boolean): string {
  const base =
    spec.kind === 'string' ? 'String' : spec.kind === 'bytes' || spec.kind === 'records' ? 'Bytes' : undefined;
  if (base === undefined) return spec.kind;
  const nullable = isNullable(spec, version);
  if (flexible && !spec.inflexible) return nullable ? `compactNullable${base}` : `compact${base}`;
  const old = base === 'Bytes' ? 'Bytes32' : 'String';
  return nullable ? `nullable${old}` : old.charAt(0).toLowerCase() + old.slice(1);
}

/** The reader's method for an array's length. */
export function arrayLengthMethod(spec: Spec, version: number, flexible: boolean): string {
  if (isNullable(spec, version)) return flexible ? 'compactNullableArrayLength' : 'nullableArrayLength';
  return flexible ? 'compactArrayLength' : 'arrayLength';
}
