/** On whose behalf a broker sends a request to the controller. */
export interface ForwardedCaller {
  /** The broker that the client asked. */
  readonly brokerId: number;
  /** Kafka's form, `User:alice`; null: the broker itself, for what it needs in order to serve. */
  readonly principal: string | null;
  /** The listener that the client came by. */
  readonly listenerName: string;
  /** The client's address without the port. */
  readonly host: string;
  readonly clientId: string | null;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const FORMAT = 1;
/** Names are bounded by the frames they came in; nobody has longer ones. */
const BYTES_MAX = 262_144;

/** The caller as the envelope carries it, which only brokers of one cluster read. The client's id is in the request's own header. */
export function encodeCaller({ brokerId, principal, listenerName }: ForwardedCaller): Uint8Array {
  return encoder.encode(JSON.stringify({ format: FORMAT, brokerId, principal, listenerName }));
}

/** Undefined where the bytes are no caller. */
export function decodeCaller(
  bytes: Uint8Array | null,
  host: Uint8Array,
): Omit<ForwardedCaller, 'clientId'> | undefined {
  if (bytes === null || bytes.length > BYTES_MAX || host.length > BYTES_MAX) return undefined;
  let read: unknown;
  let hostText: string;
  try {
    read = JSON.parse(decoder.decode(bytes));
    hostText = decoder.decode(host);
  } catch {
    return undefined;
  }
  if (typeof read !== 'object' || read === null || !('format' in read) || read.format !== FORMAT) return undefined;
  if (!('brokerId' in read && 'principal' in read && 'listenerName' in read)) return undefined;
  const { brokerId, principal, listenerName } = read;
  if (typeof brokerId !== 'number' || !Number.isSafeInteger(brokerId) || typeof listenerName !== 'string') {
    return undefined;
  }
  if (principal !== null && typeof principal !== 'string') return undefined;
  return { brokerId, principal, listenerName, host: hostText };
}

/** A host as the envelope carries it. */
export function encodeHost(host: string): Uint8Array {
  return encoder.encode(host);
}
