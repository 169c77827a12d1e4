import { ProtocolError } from '../wire/protocol-error.ts';

/** Refuses to drop a value that the version cannot carry and that is not the default. */
export function refuseToDrop(name: string): never {
  throw new ProtocolError(`the version has no field ${name}, which is not at its default`);
}

/** Refuses null where the version has none. */
export function refuseNull(): never {
  throw new ProtocolError('null in a field that cannot be null');
}
