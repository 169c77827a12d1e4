import { ProtocolError } from '../wire/protocol-error.ts';
import { isDefault } from './default-value.ts';
import type { Spec } from './field.ts';

/** Refuses to drop a value that the version cannot carry and that is not the default. */
export function drop(spec: Spec, name: string, value: unknown): void {
  if (!isDefault(spec, value)) throw new ProtocolError(`the version has no field ${name}, which is not at its default`);
}

/** Refuses null where the version has none. */
export function refuseNull(): never {
  throw new ProtocolError('null in a field that cannot be null');
}
