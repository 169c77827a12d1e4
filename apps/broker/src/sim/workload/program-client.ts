import type { AnyApi, Api } from '@ks/protocol';

/** What a program needs of its connection, be it to the one broker that there is or to those of a cluster. */
export interface ProgramClient {
  readonly name: string;
  readonly isConnected: boolean;
  /** The broker's process that the connection goes to; 0 where there are several. */
  readonly life: number;
  /** Counts connections: what was under way on an earlier one is lost. */
  readonly connectionNumber: number;
  connect(): Promise<boolean>;
  /** Some version that both sides speak, from `min` to `max`; undefined where there is none. */
  version(api: AnyApi, min?: number, max?: number): number | undefined;
  /** Undefined where the connection ended before the answer. */
  request<In, Out, ResIn, ResOut>(
    api: Api<In, Out, ResIn, ResOut>,
    version: number,
    body: In,
  ): Promise<ResOut | undefined>;
  close(): void;
}
