/** Why a request is refused: a Kafka error code, and what a human is told. */
export interface Fault {
  readonly errorCode: number;
  readonly message: string;
}

export function fault(errorCode: number, message: string): Fault {
  return { errorCode, message };
}

export function isFault<T extends object>(value: T | Fault): value is Fault {
  return 'errorCode' in value && 'message' in value;
}
