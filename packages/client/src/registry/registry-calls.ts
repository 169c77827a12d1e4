import { asKafkaError, ClientErrorCode, KafkaError } from '../kafka-error.ts';
import { abortError } from '../network/connection.ts';
import type { Clock } from '../ports/clock.ts';
import type { Http, HttpRequest, HttpResponse } from '../ports/http.ts';
import type { Random } from '../ports/random.ts';
import { backoffMs, type RetryPolicy } from '../retry-policy.ts';
import { sleep } from '../sleep.ts';
import { SchemaRegistryError } from './schema-registry-error.ts';

/** Who asks: a name and password, or a token, or what gives one, asked for each call. */
export type RegistryAuth =
  | { readonly username: string; readonly password: string }
  | { readonly token: string | (() => string | Promise<string>) };

export interface RegistryCallsOptions {
  /** Without credentials and without a slash at the end. Tried in turn. */
  readonly urls: readonly string[];
  readonly auth: RegistryAuth | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestTimeoutMs: number;
  readonly retryTimeoutMs: number;
  readonly retry: RetryPolicy;
  readonly http: Http;
  readonly clock: Clock;
  readonly random: Random;
}

/** A registry's answer as parsed JSON, whose shape is not known yet. */
export type Json = unknown;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
/** Worth another attempt: a node that starts, stops, forwards to a leader that is gone, or has too much to do. */
const passingStatus: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Calls of a schema registry's HTTP interface, tried again where that may help. Every failure is a `SchemaRegistryError`. */
export class RegistryCalls {
  readonly #options: RegistryCallsOptions;
  /** The url that answered last. */
  #current = 0;

  constructor(options: RegistryCallsOptions) {
    this.#options = options;
  }

  async call(method: HttpRequest['method'], path: string, body: Json, { signal }: CallOptions = {}): Promise<Json> {
    const { clock, random, retry, retryTimeoutMs } = this.#options;
    const deadlineMs = clock.monotonicMs() + retryTimeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(method, path, body, signal);
      } catch (error) {
        if (signal?.aborted === true) throw abortError(signal);
        const waitMs = backoffMs(retry, attempt, random);
        if (!asKafkaError(error).retriable || clock.monotonicMs() + waitMs > deadlineMs) throw error;
        this.#current += 1;
        await sleep(clock, waitMs, signal);
      }
    }
  }

  async #once(method: HttpRequest['method'], path: string, body: Json, signal: AbortSignal | undefined): Promise<Json> {
    const { urls, http, requestTimeoutMs } = this.#options;
    const url = urls[this.#current % urls.length] ?? '';
    const what = `${method} ${url}${path}`;
    const headers = await this.#headers();
    let response: HttpResponse;
    try {
      response = await http.send({
        method,
        url: `${url}${path}`,
        headers: body === undefined ? headers : { ...headers, 'content-type': MEDIA_TYPE },
        body: body === undefined ? undefined : JSON.stringify(body),
        timeoutMs: requestTimeoutMs,
        signal,
      });
    } catch (error) {
      const message = `the schema registry did not answer ${what}: ${reasonOf(error)}`;
      throw new SchemaRegistryError(message, { retriable: true, cause: error });
    }
    return answerOf(what, response);
  }

  async #headers(): Promise<Record<string, string>> {
    const { auth, headers } = this.#options;
    const accept = { accept: `${MEDIA_TYPE}, application/json`, ...headers };
    if (auth === undefined) return accept;
    if ('username' in auth) return { ...accept, authorization: `Basic ${base64(`${auth.username}:${auth.password}`)}` };
    const token = typeof auth.token === 'string' ? auth.token : await tokenOf(auth.token);
    return { ...accept, authorization: `Bearer ${token}` };
  }
}

async function tokenOf(token: () => string | Promise<string>): Promise<string> {
  try {
    return await token();
  } catch (error) {
    const message = `no token for the schema registry: ${reasonOf(error)}`;
    throw new SchemaRegistryError(message, { retriable: false, cause: error });
  }
}

function answerOf(what: string, { status, text }: HttpResponse): Json {
  const body = jsonOf(text);
  if (status >= 200 && status < 300) {
    if (body !== undefined) return body;
    throw new SchemaRegistryError(`${what} gave no JSON: is a schema registry there?`, { retriable: false, status });
  }
  const said = isObject(body) ? body : {};
  const registryCode = typeof said['error_code'] === 'number' ? said['error_code'] : undefined;
  const message = typeof said['message'] === 'string' ? `: ${said['message']}` : '';
  const number = registryCode === undefined || registryCode === status ? '' : ` (${registryCode})`;
  throw new SchemaRegistryError(
    `the schema registry answered ${what} with ${status}${number}${message}${hint(status)}`,
    {
      retriable: passingStatus.has(status),
      status,
      registryCode,
    },
  );
}

function hint(status: number): string {
  return status === 401 || status === 403 ? ' (check auth: this user may not do that)' : '';
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

/** What `fetch` says is in its cause; that alone it calls "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** Splits a registry's address into the address proper and what it says of who asks. Throws INVALID_ARGUMENT. */
export function parseRegistryUrl(text: string): { readonly url: string; readonly auth: RegistryAuth | undefined } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new KafkaError(
      ClientErrorCode.INVALID_ARGUMENT,
      'url is no address of a schema registry: write https://host:port',
    );
  }
  const { username, password } = url;
  const auth =
    username === '' ? undefined : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return { url: url.href.replace(/\/+$/, ''), auth };
}
