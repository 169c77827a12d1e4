import type { BrokerAdapters } from '../../src/broker.ts';
import type { File, Files } from '../../src/ports/files.ts';
import type { MetadataStore } from '../../src/ports/metadata-store.ts';
import type { Connection, ConnectionEvents, Listening, Network } from '../../src/ports/network.ts';
import { LifeClock } from '../../src/sim/life-clock.ts';

/** What never happens: a dead process hears of nothing. */
const never = new Promise<never>(() => undefined);

/** The real world as one process sees it, that can be killed: what was under way ends as the system ends it, nothing new begins. */
export interface MortalAdapters {
  readonly adapters: BrokerAdapters;
  /** Settles when nothing of the process is left: no socket, no open file, no lock, no lease. */
  kill(): Promise<void>;
}

export function mortal(adapters: BrokerAdapters): MortalAdapters {
  const clock = new LifeClock(adapters.clock);
  const files = new MortalFiles(adapters.files);
  const network = new MortalNetwork(adapters.network);
  const stores = new Set<MetadataStore>();
  return {
    adapters: {
      ...adapters,
      clock,
      network,
      files: files.files,
      openMetadataStore: async (directory) => {
        const store = await adapters.openMetadataStore(directory);
        stores.add(store);
        return store;
      },
    },
    kill: async () => {
      clock.end();
      network.end();
      await files.end();
      for (const store of stores) await store.close();
    },
  };
}

class MortalNetwork implements Network {
  readonly #network: Network;
  readonly #connections = new Set<Connection>();
  readonly #listenings: Listening[] = [];
  #isDead = false;

  constructor(network: Network) {
    this.#network = network;
  }

  async listen(
    address: { readonly host: string; readonly port: number },
    accept: (connection: Connection) => ConnectionEvents,
  ): Promise<Listening> {
    const listening = await this.#network.listen(address, (connection) => this.#own(connection, accept));
    this.#listenings.push(listening);
    return listening;
  }

  connect(
    address: { readonly host: string; readonly port: number },
    open: (connection: Connection) => ConnectionEvents,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#isDead) return never;
    return this.#network.connect(address, (connection) => this.#own(connection, open), signal);
  }

  end(): void {
    this.#isDead = true;
    for (const listening of this.#listenings) void listening.close();
    for (const connection of this.#connections) connection.destroy();
  }

  #own(connection: Connection, take: (connection: Connection) => ConnectionEvents): ConnectionEvents {
    const nowhere = new Uint8Array(65_536);
    if (this.#isDead) {
      connection.destroy();
      return { nextView: () => nowhere, received: () => undefined, drained: () => undefined, closed: () => undefined };
    }
    this.#connections.add(connection);
    const events = take({
      ...connection,
      write: (views, sent) => !this.#isDead && connection.write(views, sent),
    });
    return {
      nextView: () => (this.#isDead ? nowhere : events.nextView()),
      received: (length) => {
        if (!this.#isDead) events.received(length);
      },
      drained: () => {
        if (!this.#isDead) events.drained();
      },
      closed: (error) => {
        this.#connections.delete(connection);
        if (!this.#isDead) events.closed(error);
      },
    };
  }
}

/** What was given to the system before the end stays, whether it was flushed or not. */
class MortalFiles {
  readonly files: Files;
  readonly #openFiles = new Set<File>();
  readonly #locks = new Set<{ release(): Promise<void> }>();
  readonly #underWay = new Set<Promise<unknown>>();
  #isDead = false;

  constructor(files: Files) {
    this.files = {
      open: (path, mode) => this.#run(async () => this.#own(await files.open(path, mode))),
      readFile: (path, maxBytes) => this.#run(() => files.readFile(path, maxBytes)),
      writeFileAtomically: (path, contents) => this.#run(() => files.writeFileAtomically(path, contents)),
      list: (directory) => this.#run(() => files.list(directory)),
      exists: (path) => this.#run(() => files.exists(path)),
      size: (path) => this.#run(() => files.size(path)),
      makeDirectory: (path) => this.#run(() => files.makeDirectory(path)),
      rename: (from, to) => this.#run(() => files.rename(from, to)),
      remove: (path) => this.#run(() => files.remove(path)),
      syncDirectory: (path) => this.#run(() => files.syncDirectory(path)),
      lock: (directory) =>
        this.#run(async () => {
          const lock = await files.lock(directory);
          this.#locks.add(lock);
          return lock;
        }),
    };
  }

  async end(): Promise<void> {
    this.#isDead = true;
    await Promise.allSettled(this.#underWay);
    await Promise.allSettled([...this.#openFiles].map((file) => file.close()));
    await Promise.allSettled([...this.#locks].map((lock) => lock.release()));
  }

  #own(file: File): File {
    this.#openFiles.add(file);
    return {
      path: file.path,
      size: () => this.#run(() => file.size()),
      read: (into, position) => this.#run(() => file.read(into, position)),
      readSync: (into, position) => (this.#isDead ? 0 : file.readSync(into, position)),
      write: (views, position) => this.#run(() => file.write(views, position)),
      sync: () => this.#run(() => file.sync()),
      truncate: (sizeBytes) => this.#run(() => file.truncate(sizeBytes)),
      close: () => {
        this.#openFiles.delete(file);
        return this.#run(() => file.close());
      },
    };
  }

  /** Answers come only as long as somebody lives who hears them. */
  #run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#isDead) return never;
    const running = operation();
    this.#underWay.add(running);
    const forget = (): void => void this.#underWay.delete(running);
    running.then(forget, forget);
    return new Promise((resolve, reject) => {
      running.then(
        (value) => !this.#isDead && resolve(value),
        (error: unknown) => !this.#isDead && reject(error),
      );
    });
  }
}
