import { advance, type MetadataState, stateFromEntries } from '../core/metadata/apply.ts';
import { type ClusterImage, emptyClusterImage } from '../core/metadata/image.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { type MetadataStore, MetadataStoreError, type StoreRevision } from '../ports/metadata-store.ts';

/** Acts on a new image. The next image comes only after the promise settled; revisions that arrive meanwhile come together. */
export type ImageSubscriber = (previous: ClusterImage | undefined, next: ClusterImage) => void | Promise<void>;

/** Is told of every state as soon as it is known, before images are in force; must not wait. */
export type StateObserver = (next: MetadataState) => void;

/** The cluster's metadata as this process knows it: what handlers answer from. */
export interface MetadataView {
  /** The newest image that every subscriber has put in force. */
  image(): ClusterImage;
  /** Settles when an image of this revision or a later one is in force; rejects when the loader has stopped or failed. */
  whenApplied(revision: number): Promise<void>;
}

export interface MetadataLoaderOptions {
  readonly store: MetadataStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The metadata cannot be followed any further (a corrupt value, a failed store, a subscriber's bug): the broker must stop. */
  readonly failed: (error: Error) => void;
}

interface Waiter {
  readonly revision: number;
  resolve(): void;
  reject(error: Error): void;
}

const RETRY_DELAY_MS = 100;

/** Reads the store once, then follows it, and hands each image to the subscribers in the order of their subscription. */
export class MetadataLoader implements MetadataView {
  readonly #options: MetadataLoaderOptions;
  readonly #subscribers: ImageSubscriber[] = [];
  readonly #observers: StateObserver[] = [];
  readonly #stopping = new AbortController();
  readonly #waiters = new Set<Waiter>();
  /** With everything that has arrived and was looked at. */
  #newest: MetadataState | undefined;
  /** The last that subscribers were given. */
  #published: MetadataState | undefined;
  #inForce: ClusterImage = emptyClusterImage;
  #arrived: StoreRevision[] = [];
  #isFoldDue = false;
  #publishing: Promise<void> | undefined;
  #ended: Error | undefined;
  #watching: Promise<void> = Promise.resolve();

  constructor(options: MetadataLoaderOptions) {
    this.#options = options;
  }

  image(): ClusterImage {
    return this.#inForce;
  }

  /** The newest state: with what the store holds but images do not show. It may be ahead of the image in force. */
  state(): MetadataState | undefined {
    return this.#newest;
  }

  /** For who decides rather than follows, such as the controller: it does not wait for subscribers at work. Before `start`. */
  observe(observer: StateObserver): void {
    this.#observers.push(observer);
  }

  /** Must be called before `start`. */
  subscribe(subscriber: ImageSubscriber): void {
    this.#subscribers.push(subscriber);
  }

  /** Reads the store; settles when the first image is in force. @throws MetadataRecordError, MetadataStoreError */
  async start(): Promise<void> {
    await this.#publishRead(await this.#read());
    this.#watching = this.#follow();
  }

  /** Ends the watch; settles when no subscriber is at work any more. */
  async stop(): Promise<void> {
    this.#end(new Error('the metadata loader has stopped'));
    await this.#watching;
    await this.#publishing;
  }

  whenApplied(revision: number): Promise<void> {
    if (this.#inForce.revision >= revision) return Promise.resolve();
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => this.#waiters.add({ revision, resolve, reject }));
  }

  async #read(): Promise<MetadataState> {
    const { entries, revision } = await this.#options.store.read('');
    return stateFromEntries(entries, revision);
  }

  async #follow(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#watchOnce();
        // A watch that ends by itself: the store closed.
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        const kind = error instanceof MetadataStoreError ? error.kind : undefined;
        if (kind === 'unavailable') await this.#pause();
        else if (kind === 'compacted') await this.#readAgain();
        else if (kind !== 'closed') return this.#fail(error);
      }
    }
  }

  async #watchOnce(): Promise<void> {
    // From the last revision that arrived on, never from a header's: what comes during catch-up may lag behind its header.
    const from = (this.#arrived.at(-1)?.revision ?? this.#newest?.image.revision ?? 0) + 1;
    for await (const revision of this.#options.store.watch('', from, this.#stopping.signal)) {
      this.#arrived.push(revision);
      if (this.#publishing === undefined) this.#publishing = this.#publishArrived();
      else this.#foldSoon();
    }
  }

  /** The watched revisions are forgotten: the whole image is read anew, which shows the same as all that was missed. */
  async #readAgain(): Promise<void> {
    this.#options.logger.warn(
      { revision: this.#inForce.revision },
      'metadata revisions were compacted before they were seen; reading all',
    );
    await this.#publishing;
    try {
      const state = await this.#read();
      await this.#publishRead(state);
    } catch (error) {
      if (error instanceof MetadataStoreError && error.kind === 'unavailable') await this.#pause();
      else throw error;
    }
  }

  /** Everything that has arrived becomes one step, and again what arrives while subscribers are at work. */
  async #publishArrived(): Promise<void> {
    try {
      for (;;) {
        this.#fold();
        const newest = this.#newest;
        if (newest === undefined || newest === this.#published || this.#ended !== undefined) break;
        await this.#publishState(newest);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#publishing = undefined;
    }
  }

  /** What arrives while subscribers are at work is shown to the observers together, in the next turn. */
  #foldSoon(): void {
    if (this.#isFoldDue) return;
    this.#isFoldDue = true;
    this.#options.clock.nextTurn(() => {
      this.#isFoldDue = false;
      if (this.#ended !== undefined) return;
      try {
        this.#fold();
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #fold(): void {
    if (this.#arrived.length === 0 || this.#newest === undefined) return;
    const arrived = this.#arrived;
    this.#arrived = [];
    this.#show(advance(this.#newest, arrived));
  }

  #show(state: MetadataState): void {
    this.#newest = state;
    for (const observer of this.#observers) observer(state);
  }

  async #publishRead(state: MetadataState): Promise<void> {
    this.#arrived = [];
    this.#show(state);
    await this.#publishState(state);
  }

  async #publishState(state: MetadataState): Promise<void> {
    const previous = this.#published === undefined ? undefined : this.#inForce;
    this.#published = state;
    for (const subscriber of this.#subscribers) await subscriber(previous, state.image);
    this.#inForce = state.image;
    for (const waiter of this.#waiters) {
      if (waiter.revision > state.image.revision) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  #pause(): Promise<void> {
    const { signal } = this.#stopping;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const timer = this.#options.clock.setTimer(RETRY_DELAY_MS, resolve);
      signal.addEventListener('abort', () => {
        timer.cancel();
        resolve();
      });
    });
  }

  #fail(cause: unknown): void {
    if (this.#ended !== undefined) return;
    const error = cause instanceof Error ? cause : new Error(String(cause));
    this.#end(error);
    this.#options.failed(error);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#stopping.abort();
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
  }
}
