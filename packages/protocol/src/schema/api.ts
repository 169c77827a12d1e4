import type { Decoded, Encodable, Fields } from './field.ts';
import { type Message, message } from './message.ts';

export type Listener = 'broker' | 'controller' | 'zkBroker';

/** One API: request and response in all versions. */
export interface Api<ReqIn = never, ReqOut = unknown, ResIn = never, ResOut = unknown> {
  /** Kafka's name, without Request or Response. */
  readonly name: string;
  readonly key: number;
  /** Every version that the schemas know; what a broker serves is in broker-versions.ts. */
  readonly versions: { readonly min: number; readonly max: number };
  readonly flexibleSince: number;
  readonly listeners: readonly Listener[];
  /** The newest version is not final: no broker advertises it. */
  readonly latestVersionUnstable: boolean;
  readonly request: Message<ReqIn, ReqOut>;
  readonly response: Message<ResIn, ResOut>;
}

/** An API whose types do not matter here. */
// biome-ignore lint/suspicious/noExplicitAny: the constraint of an inferred type, never a value.
export type AnyApi = Api<any, any, any, any>;

/** A request as decoded. */
export type RequestOf<A extends AnyApi> = A extends Api<infer _I, infer Out, infer _R, infer _S> ? Out : never;
/** A response as decoded. */
export type ResponseOf<A extends AnyApi> = A extends Api<infer _I, infer _O, infer _R, infer Out> ? Out : never;
/** A request to encode. */
export type RequestInput<A extends AnyApi> = A extends Api<infer In, infer _O, infer _R, infer _S> ? In : never;
/** A response to encode. */
export type ResponseInput<A extends AnyApi> = A extends Api<infer _I, infer _O, infer In, infer _S> ? In : never;

/** Declares an API. */
export function api<Q extends Fields, S extends Fields>(declared: {
  readonly name: string;
  readonly key: number;
  readonly versions: readonly [min: number, max: number];
  readonly flexibleSince: number;
  readonly listeners: readonly Listener[];
  readonly latestVersionUnstable?: boolean;
  readonly request: Q;
  readonly response: S;
}): Api<Encodable<Q>, Decoded<Q>, Encodable<S>, Decoded<S>> {
  const { name, key, versions, flexibleSince, listeners, latestVersionUnstable = false } = declared;
  return {
    name,
    key,
    versions: { min: versions[0], max: versions[1] },
    flexibleSince,
    listeners,
    latestVersionUnstable,
    request: message(`${name}Request`, versions, flexibleSince, declared.request),
    response: message(`${name}Response`, versions, flexibleSince, declared.response),
  };
}
