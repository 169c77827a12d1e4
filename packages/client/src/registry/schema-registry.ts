import { raced } from '../network/connection-pool.ts';
import {
  compatibilityOf,
  idOf,
  levelOf,
  namesOf,
  numbersOf,
  schemaBody,
  schemaOf,
  subjectVersionOf,
} from './registry-answers.ts';
import { type CallOptions, RegistryCalls, type RegistryCallsOptions } from './registry-calls.ts';
import type { Compatibility, CompatibilityLevel, RegisteredSchema, Schema, SubjectVersion } from './schema.ts';
import { SharedCache } from './shared-cache.ts';

export interface SchemaRegistryParts extends RegistryCallsOptions {
  /** How many schemas are remembered, by id and by subject. */
  readonly cacheSize: number;
}

export interface WriteOptions extends CallOptions {
  /** Whether the registry compares schemas by meaning, not by their text. Default false. */
  readonly normalize?: boolean | undefined;
}

/**
 * A schema registry with Confluent's HTTP interface. What is registered never changes and is asked for once; who asks at the same time
 * shares the answer. All calls reject with a `SchemaRegistryError`, or with ABORTED.
 */
export class SchemaRegistry {
  readonly #calls: RegistryCalls;
  readonly #ids: SharedCache<string, number>;
  readonly #lookedUp: SharedCache<string, SubjectVersion>;
  readonly #schemas: SharedCache<string, RegisteredSchema>;
  readonly #versions: SharedCache<string, SubjectVersion>;

  constructor(parts: SchemaRegistryParts) {
    this.#calls = new RegistryCalls(parts);
    this.#ids = new SharedCache(parts.cacheSize);
    this.#lookedUp = new SharedCache(parts.cacheSize);
    this.#schemas = new SharedCache(parts.cacheSize);
    this.#versions = new SharedCache(parts.cacheSize);
  }

  /** Registers a schema under a subject, or finds it there; gives its id. Status 409: it is not compatible with what is there. */
  async register(subject: string, schema: Schema, { normalize = false, signal }: WriteOptions = {}): Promise<number> {
    const ask = async () =>
      idOf(await this.#calls.call('POST', `${path(subject)}/versions${normalized(normalize)}`, schemaBody(schema)));
    return wanted(this.#ids.get(keyOf(subject, schema, normalize), ask), signal);
  }

  /** Finds a schema under a subject. Status 404: it is not registered there. */
  async lookUp(
    subject: string,
    schema: Schema,
    { normalize = false, signal }: WriteOptions = {},
  ): Promise<SubjectVersion> {
    const ask = async () =>
      subjectVersionOf(await this.#calls.call('POST', `${path(subject)}${normalized(normalize)}`, schemaBody(schema)));
    return wanted(this.#lookedUp.get(keyOf(subject, schema, normalize), ask), signal);
  }

  /**
   * The schema of an id. `format` is the registry's: `serialized` gives Protobuf's as base64 of a FileDescriptorProto where it knows that.
   * Status 404: there is none.
   */
  async schema(
    id: number,
    { format, signal }: CallOptions & { readonly format?: string | undefined } = {},
  ): Promise<RegisteredSchema> {
    const query = format === undefined ? '' : `?format=${encodeURIComponent(format)}`;
    const ask = async () => ({
      ...schemaOf(await this.#calls.call('GET', `/schemas/ids/${id}${query}`, undefined)),
      id,
    });
    return wanted(this.#schemas.get(`${id}${query}`, ask), signal);
  }

  /** A version of a subject. What is latest is asked for each time. */
  async version(subject: string, version: number | 'latest', { signal }: CallOptions = {}): Promise<SubjectVersion> {
    const ask = async () =>
      subjectVersionOf(await this.#calls.call('GET', `${path(subject)}/versions/${version}`, undefined));
    return wanted(version === 'latest' ? ask() : this.#versions.get(`${version} ${subject}`, ask), signal);
  }

  /** The subjects there are. */
  async subjects({ signal }: CallOptions = {}): Promise<string[]> {
    return namesOf(await this.#calls.call('GET', '/subjects', undefined, { signal }));
  }

  /** The versions of a subject. */
  async versions(subject: string, { signal }: CallOptions = {}): Promise<number[]> {
    return numbersOf(await this.#calls.call('GET', `${path(subject)}/versions`, undefined, { signal }));
  }

  /** Whether a schema could be registered: against one version (the latest, by default) or all of them. */
  async checkCompatibility(
    subject: string,
    schema: Schema,
    {
      against = 'latest',
      normalize = false,
      signal,
    }: WriteOptions & { readonly against?: number | 'latest' | 'all' } = {},
  ): Promise<Compatibility> {
    const of = against === 'all' ? '' : `/${against}`;
    const query = `?verbose=true${normalize ? '&normalize=true' : ''}`;
    const answer = await this.#calls.call(
      'POST',
      `/compatibility${path(subject)}/versions${of}${query}`,
      schemaBody(schema),
      { signal },
    );
    return compatibilityOf(answer);
  }

  /** What new versions must be able to do: of a subject, or of all that say nothing of their own. */
  async compatibilityLevel(subject?: string, { signal }: CallOptions = {}): Promise<CompatibilityLevel> {
    const of = subject === undefined ? '' : `/${encodeURIComponent(subject)}?defaultToGlobal=true`;
    return levelOf(await this.#calls.call('GET', `/config${of}`, undefined, { signal }));
  }

  async setCompatibilityLevel(
    level: CompatibilityLevel,
    subject?: string,
    { signal }: CallOptions = {},
  ): Promise<CompatibilityLevel> {
    const of = subject === undefined ? '' : `/${encodeURIComponent(subject)}`;
    return levelOf(await this.#calls.call('PUT', `/config${of}`, { compatibility: level }, { signal }));
  }

  /** Deletes a subject; gives the versions that went. `permanent` deletes what was deleted before, so that its ids are gone. */
  async deleteSubject(
    subject: string,
    { permanent = false, signal }: CallOptions & { readonly permanent?: boolean } = {},
  ): Promise<number[]> {
    const query = permanent ? '?permanent=true' : '';
    const gone = numbersOf(await this.#calls.call('DELETE', `${path(subject)}${query}`, undefined, { signal }));
    this.#ids.clear();
    this.#lookedUp.clear();
    this.#versions.clear();
    if (permanent) this.#schemas.clear();
    return gone;
  }
}

/** Who shares a call may give it up without ending it for the others. */
function wanted<T>(answer: T | Promise<T>, signal: AbortSignal | undefined): T | Promise<T> {
  return answer instanceof Promise && signal !== undefined ? raced(answer, signal) : answer;
}

function path(subject: string): string {
  return `/subjects/${encodeURIComponent(subject)}`;
}

function normalized(normalize: boolean): string {
  return normalize ? '?normalize=true' : '';
}

function keyOf(subject: string, { type, text, references }: Schema, normalize: boolean): string {
  return JSON.stringify([subject, type, text, references, normalize]);
}
