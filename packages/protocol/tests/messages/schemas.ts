import * as protocol from '../../src/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: the test walks messages of every type.
export type AnyMessage = protocol.Message<any, any>;

/** Every schema by Kafka's name. */
export const schemas = new Map<string, AnyMessage>();
for (const api of protocol.apis) for (const one of [api.request, api.response]) schemas.set(one.name, one);
for (const one of Object.values(protocol)) if (isMessage(one)) schemas.set(one.name, one);

function isMessage(value: unknown): value is AnyMessage {
  return typeof value === 'object' && value !== null && 'codec' in value && 'spec' in value && 'flexibleSince' in value;
}
