import { ProtocolError } from '../wire/protocol-error.ts';

/** The error for bytes that break the record format, `position` counted from the start of what was being read. */
export function corrupt(what: string, position: number): ProtocolError {
  return new ProtocolError(what, position);
}
