import process from 'node:process';
import type { Client } from '@ks/client';
import type { Settings } from '../settings/resolve-settings.ts';
import { type KcatArguments, lastOf, misused, numberOf } from './kcat-arguments.ts';
import type { KcatProperties } from './kcat-properties.ts';

/** What the modes of the shim share. */
export interface KcatSession {
  readonly given: KcatArguments;
  readonly properties: KcatProperties;
  readonly settings: Settings;
  readonly client: Client;
  readonly signal: AbortSignal;
  /** From now on a reader that goes away fires the signal, so that something can be left in order. */
  endWithReader(): void;
}

/** kcat's talk on stderr, `% ...`, silent with `-q`. */
export function say({ switches }: KcatArguments, text: string): void {
  if (!switches.has('q')) process.stderr.write(`% ${text}\n`);
}

/** The one topic of `-t`. */
export function topicOf(given: KcatArguments): string {
  const topic = lastOf(given, 't');
  if (topic === undefined) throw misused('-t <topic> missing');
  return topic;
}

/** The partition of `-p`; -1 and none mean any. */
export function partitionOf(given: KcatArguments): number | undefined {
  const partition = numberOf(given, 'p');
  return partition === undefined || partition < 0 ? undefined : partition;
}

/** The records that `-c` allows. */
export function countOf(given: KcatArguments): number | undefined {
  const count = numberOf(given, 'c');
  return count === undefined || count <= 0 ? undefined : count;
}
