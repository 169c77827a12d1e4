/** Stands in until wire/ has its own. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** The error for bytes that break the record format, `position` counted from the start of what was being read. */
export function corrupt(what: string, position: number): Error {
  return new ProtocolError(`${what} at byte ${position}`);
}
