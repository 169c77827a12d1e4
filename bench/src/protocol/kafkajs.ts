import { createRequire } from 'node:module';
import { CLIENT_ID, CORRELATION_ID } from './fixtures.ts';

// kafkajs exports no codec, so its files are loaded by path.

interface Request {
  readonly apiKey: number;
  readonly apiVersion: number;
  encode(): Promise<unknown>;
}
type Frame = (parts: {
  correlationId: number;
  clientId: string;
  request: Request;
}) => Promise<{ readonly buffer: Buffer }>;

const require = createRequire(import.meta.url);
const load = <T>(path: string): T => require(`kafkajs/${path}`);
const frame = load<Frame>('src/protocol/request');

/** Makes whole request frames, as kafkajs hands them to its socket. */
export function encodeWith(api: string, version: number): (payload: unknown) => Promise<Buffer> {
  const create = load<(payload: unknown) => Request>(`src/protocol/requests/${api}/v${version}/request`);
  return async (payload) =>
    (await frame({ correlationId: CORRELATION_ID, clientId: CLIENT_ID, request: create(payload) })).buffer;
}

/** Decodes the body of a response; it is async in kafkajs. */
export function decodeWith<T>(api: string, version: number): (body: Buffer) => Promise<T> {
  return load<{ decode(body: Buffer): Promise<T> }>(`src/protocol/requests/${api}/v${version}/response`).decode;
}

/** Exact version of the installed library. */
export const kafkajsVersion: string = load<{ version: string }>('package.json').version;
