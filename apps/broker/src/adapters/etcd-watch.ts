import type { Etcd3, IDuplexStream, IWatchRequest, IWatchResponse, WatchClient } from 'etcd3';
import { MetadataStoreError, type StoreRevision } from '../ports/metadata-store.ts';
import { etcdError } from './etcd-errors.ts';
import type { EtcdKeys } from './etcd-revisions.ts';

export interface EtcdWatchOptions {
  readonly client: Etcd3;
  readonly keys: EtcdKeys;
  readonly prefix: string;
  readonly fromRevision: number;
  /** Aborts where the reader or the store has had enough. */
  readonly signal: AbortSignal;
  /** Names the store in messages. */
  readonly store: string;
}

type CallOptions = NonNullable<Parameters<WatchClient['watch']>[0]>;
type Interceptor = NonNullable<CallOptions['interceptors']>[number];
type WatchStream = IDuplexStream<IWatchRequest, IWatchResponse> & { pause(): void; resume(): void };

/** Answers that wait to be read before the stream is held up. */
const ANSWERS_MAX = 64;

/** A member that has lost its leader ends the watch, instead of being silent while the cluster goes on without it. */
const requireLeader: Interceptor = (options, nextCall) => {
  const call = nextCall(options);
  const start = call.start.bind(call);
  call.start = (metadata, listener) => {
    metadata?.set('hasleader', 'true');
    start(metadata, listener);
  };
  return call as never;
};

/** The revisions of one watch, until the signal aborts. @throws MetadataStoreError `compacted`, `unavailable` where the stream breaks off */
export async function* watchEtcd(options: EtcdWatchOptions): AsyncGenerator<StoreRevision> {
  const { client, keys, prefix, fromRevision, signal, store } = options;
  if (signal.aborted) return;
  const opened = client.watchClient.watch({ interceptors: [requireLeader] });
  const stream = (await opened.catch((error: unknown) => Promise.reject(etcdError(store, error)))) as WatchStream;
  const answers = new AnswerQueue(stream, signal);
  try {
    stream.write({ create_request: { ...keys.range(prefix), start_revision: fromRevision } });
    for (;;) {
      const answer = await answers.next();
      if (signal.aborted) return;
      if (answer instanceof Error) throw etcdError(store, answer);
      checkAlive(answer, fromRevision, store);
      for (const revision of keys.revisions(answer.events)) {
        if (signal.aborted) return;
        yield revision;
      }
    }
  } finally {
    stream.end();
    stream.cancel();
  }
}

function checkAlive({ canceled, compact_revision, cancel_reason }: IWatchResponse, from: number, store: string): void {
  if (Number(compact_revision) > 0) {
    throw new MetadataStoreError('compacted', `${store}: revision ${from} is forgotten (oldest: ${compact_revision})`);
  }
  if (canceled) throw etcdError(store, new Error(cancel_reason || 'etcd ended the watch'));
}

/** What a stream brought and nobody took yet; an error is the last of it. */
class AnswerQueue {
  readonly #stream: WatchStream;
  readonly #signal: AbortSignal;
  readonly #waiting: (IWatchResponse | Error)[] = [];
  #wake: () => void = () => undefined;

  constructor(stream: WatchStream, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    stream.on('data', (answer) => this.#push(answer));
    stream.on('error', (error) => this.#push(error));
    stream.on('end', () => this.#push(new Error('etcd ended the watch')));
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** The next answer; whatever, once the signal has aborted. */
  async next(): Promise<IWatchResponse | Error> {
    for (;;) {
      const answer = this.#waiting.shift();
      if (answer !== undefined) {
        if (this.#waiting.length === ANSWERS_MAX - 1) this.#stream.resume();
        return answer;
      }
      if (this.#signal.aborted) return new Error('aborted');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #push(answer: IWatchResponse | Error): void {
    this.#waiting.push(answer);
    if (this.#waiting.length === ANSWERS_MAX) this.#stream.pause();
    this.#wake();
  }
}
