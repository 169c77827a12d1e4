import { createServer, type IncomingMessage, type Server } from 'node:http';

interface Stored {
  readonly schema: string;
  readonly schemaType: string;
  readonly references: readonly unknown[];
}

export interface RegistryState {
  /** In the order of their ids, from 1. */
  readonly schemas: readonly Stored[];
  readonly subjects: Readonly<Record<string, readonly number[]>>;
}

/** What of a schema registry the tests need: subjects, versions, ids, over real HTTP. Whatever comes in is kept as it is. */
export class StandInRegistry {
  /** Every request, as `METHOD /path`. */
  readonly requests: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  /** Statuses that the next requests are answered with; 0: the connection is cut. */
  readonly failures: number[] = [];
  /** Says what is wrong with a next version. */
  incompatible: (schema: string, before: readonly string[]) => string | undefined = () => undefined;
  /** Settles before an answer goes out. */
  held: Promise<void> = Promise.resolve();
  readonly #schemas: Stored[] = [];
  readonly #subjects = new Map<string, number[]>();
  readonly #server: Server;
  #level = 'BACKWARD';

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#body(request).then(async (body) => {
        this.requests.push(`${request.method} ${request.url}`);
        this.headers.push(request.headers);
        await this.held;
        const failure = this.failures.shift();
        if (failure === 0) {
          request.socket.destroy();
          return;
        }
        const [status, answer] =
          failure === undefined
            ? this.#answer(request.method ?? '', new URL(request.url ?? '', 'http://registry'), body)
            : [failure, { error_code: failure, message: 'as the test wants it' }];
        response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
        response.end(JSON.stringify(answer));
      });
    });
  }

  /** `state`: what another one had. */
  static async start(state?: RegistryState): Promise<StandInRegistry> {
    const registry = new StandInRegistry();
    if (state !== undefined) {
      registry.#schemas.push(...state.schemas);
      for (const [subject, ids] of Object.entries(state.subjects)) registry.#subjects.set(subject, [...ids]);
    }
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${address.port}`;
  }

  get state(): RegistryState {
    return { schemas: [...this.#schemas], subjects: Object.fromEntries(this.#subjects) };
  }

  /** What is stored under an id. */
  stored(id: number): Stored | undefined {
    return this.#schemas[id - 1];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #body(request: IncomingMessage): Promise<Record<string, unknown>> {
    let text = '';
    for await (const piece of request) text += String(piece);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  #answer(method: string, { pathname }: URL, body: Record<string, unknown>): [number, unknown] {
    const parts = pathname.slice(1).split('/').map(decodeURIComponent);
    const [first, second = '', third = '', fourth] = parts;
    if (first === 'subjects' && parts.length === 1) return [200, [...this.#subjects.keys()]];
    if (first === 'schemas') {
      const stored = this.stored(Number(third));
      return stored === undefined ? [404, { error_code: 40403, message: 'Schema not found' }] : [200, stored];
    }
    if (first === 'config') {
      if (method === 'PUT') this.#level = String(body['compatibility']);
      return [200, method === 'PUT' ? { compatibility: this.#level } : { compatibilityLevel: this.#level }];
    }
    if (first === 'compatibility') return this.#compatible(third, body);
    if (method === 'POST' && third === 'versions') return this.#register(second, body);
    if (method === 'POST') return this.#lookUp(second, body);
    const ids = this.#subjects.get(second);
    if (ids === undefined) return [404, { error_code: 40401, message: `Subject '${second}' not found.` }];
    if (method === 'DELETE') {
      this.#subjects.delete(second);
      return [200, ids.map((_, index) => index + 1)];
    }
    if (fourth === undefined) return [200, ids.map((_, index) => index + 1)];
    const version = fourth === 'latest' ? ids.length : Number(fourth);
    return this.#version(second, version, ids[version - 1]);
  }

  #register(subject: string, body: Record<string, unknown>): [number, unknown] {
    const ids = this.#subjects.get(subject) ?? [];
    const id = this.#idOf(body);
    if (!ids.includes(id)) {
      const wrong = this.#wrong(subject, String(body['schema']));
      if (wrong !== undefined) return [409, { error_code: 409, message: wrong }];
      this.#subjects.set(subject, [...ids, id]);
    }
    return [200, { id }];
  }

  #lookUp(subject: string, body: Record<string, unknown>): [number, unknown] {
    const ids = this.#subjects.get(subject) ?? [];
    const index = ids.indexOf(this.#idOf(body));
    return index < 0
      ? [404, { error_code: 40403, message: 'Schema not found' }]
      : this.#version(subject, index + 1, ids[index]);
  }

  #version(subject: string, version: number, id: number | undefined): [number, unknown] {
    if (id === undefined) return [404, { error_code: 40402, message: `Version ${version} not found.` }];
    return [200, { subject, version, id, ...this.stored(id) }];
  }

  #compatible(subject: string, body: Record<string, unknown>): [number, unknown] {
    const wrong = this.#wrong(subject, String(body['schema']));
    return [200, { is_compatible: wrong === undefined, ...(wrong !== undefined && { messages: [wrong] }) }];
  }

  #wrong(subject: string, schema: string): string | undefined {
    const before = (this.#subjects.get(subject) ?? []).map((id) => this.stored(id)?.schema ?? '');
    return before.length === 0 ? undefined : this.incompatible(schema, before);
  }

  #idOf({ schema, schemaType = 'AVRO', references = [] }: Record<string, unknown>): number {
    const stored = { schema: String(schema), schemaType: String(schemaType), references: references as unknown[] };
    const text = JSON.stringify(stored);
    const index = this.#schemas.findIndex((one) => JSON.stringify(one) === text);
    return index < 0 ? this.#schemas.push(stored) : index + 1;
  }
}
