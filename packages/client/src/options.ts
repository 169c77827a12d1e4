import { ClientErrorCode, KafkaError } from './kafka-error.ts';
import type { Address } from './ports/network.ts';

const DEFAULT_PORT = 9092;

/** The addresses in a bootstrap list: `host:port, host:port`, with [..] around IPv6 addresses and port 9092 where none is given. */
export function parseBrokers(brokers: string | readonly string[]): Address[] {
  const parts = (typeof brokers === 'string' ? brokers.split(',') : brokers)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0)
    throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, 'no broker is given: pass brokers, as localhost:9092');
  return parts.map(parseBroker);
}

function parseBroker(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, `${text} is no broker address: write host:port`);
  }
  return { host, port };
}
