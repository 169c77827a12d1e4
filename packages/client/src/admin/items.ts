import { ErrorCode } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { asKafkaError, errorFromCode, KafkaError, type KafkaErrorDetails } from '../kafka-error.ts';
import type { AdminOptions } from './admin-options.ts';

/** What became of one of several things asked for. */
export type ItemOutcome<R> = { readonly value: R } | { readonly error: KafkaError };

/** One thing of a call for several, and why it failed, if it did. */
export interface ItemReport {
  /** A topic, `topic-partition`, a group, a user...: what the call was about. */
  readonly item: string;
  readonly error: KafkaError | undefined;
}

/** Of several things asked for some failed. Code and message are those of the first that did; `items` tells of each. */
export class KafkaItemsError extends KafkaError {
  readonly items: readonly ItemReport[];

  constructor(first: KafkaError, items: readonly ItemReport[]) {
    const failed = items.filter(({ error }) => error !== undefined).length;
    const message = `${first.message} (${failed} of ${items.length} failed: see items)`;
    super(first.code, message, { ...first, cause: first });
    this.items = items;
  }
}

/** What `settleEach` needs to know besides the things themselves. */
export interface EachOptions<I> extends AdminOptions {
  readonly label: (item: I) => string;
  /** Topics whose metadata is asked for again when an error says that it is stale. */
  readonly topics?: readonly string[] | undefined;
}

/**
 * Asks for several things, then again for those alone that may succeed later, until each has its outcome or the time is over. `ask` gives
 * the outcomes in the order of what it is given. Rejects with the error of a single thing, or a `KafkaItemsError`.
 */
export async function settleEach<I, R>(
  cluster: Cluster,
  items: readonly I[],
  ask: (items: readonly I[]) => Promise<readonly ItemOutcome<R>[]>,
  { label, topics, signal }: EachOptions<I>,
): Promise<R[]> {
  const outcomes: (ItemOutcome<R> | undefined)[] = items.map(() => undefined);
  const open = (): number[] => [...items.keys()].filter((index) => isOpen(outcomes[index]));
  const attempt = async (): Promise<void> => {
    const indexes = open();
    if (indexes.length === 0) return;
    const answers = await ask(indexes.flatMap((index) => items.slice(index, index + 1)));
    for (const [at, index] of indexes.entries()) outcomes[index] = answers[at] ?? { error: errorOfMissing() };
    const waiting = open().map((index) => outcomes[index]);
    for (const outcome of waiting) if (outcome !== undefined && 'error' in outcome) throw outcome.error;
  };
  try {
    await cluster.retrying(attempt, { signal, topics });
  } catch (error) {
    const failure = asKafkaError(error);
    for (const index of open()) outcomes[index] = { error: lastErrorOf(outcomes[index]) ?? failure };
  }
  return valuesOf(items, outcomes, label);
}

function isOpen(outcome: ItemOutcome<unknown> | undefined): boolean {
  return outcome === undefined || ('error' in outcome && outcome.error.retriable);
}

function lastErrorOf(outcome: ItemOutcome<unknown> | undefined): KafkaError | undefined {
  return outcome !== undefined && 'error' in outcome ? outcome.error : undefined;
}

function valuesOf<I, R>(
  items: readonly I[],
  outcomes: readonly (ItemOutcome<R> | undefined)[],
  label: (item: I) => string,
): R[] {
  const errors = outcomes.map((outcome) => lastErrorOf(outcome));
  const first = errors.find((error) => error !== undefined && !error.retriable) ?? errors.find((error) => error);
  if (first === undefined) {
    return outcomes.flatMap((outcome) => (outcome !== undefined && 'value' in outcome ? [outcome.value] : []));
  }
  if (items.length === 1) throw first;
  throw new KafkaItemsError(
    first,
    items.map((item, index) => ({ item: label(item), error: errors[index] })),
  );
}

/** The error of what an answer does not mention. */
export function errorOfMissing(): KafkaError {
  return new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, 'the broker left it out of its answer', { retriable: true });
}

/** What a broker answers about one thing. */
export interface Answer {
  readonly errorCode: number;
  readonly errorMessage?: string | null | undefined;
}

/** What a broker says of one thing: its error, or what `value` makes of it. */
export function outcomeOf<R>(
  answer: Answer | undefined,
  value: () => R,
  details: KafkaErrorDetails = {},
): ItemOutcome<R> {
  if (answer === undefined) return { error: errorOfMissing() };
  const error = errorOf(answer, details);
  return error === undefined ? { value: value() } : { error };
}

/** The same for one that is all there is. */
export function throwIfFailed(answer: Answer, details: KafkaErrorDetails = {}): void {
  const error = errorOf(answer, details);
  if (error !== undefined) throw error;
}

/** Undefined for what succeeded. A topic that is unknown is not waited for: whoever administers topics wants to hear of it. */
function errorOf({ errorCode, errorMessage }: Answer, details: KafkaErrorDetails): KafkaError | undefined {
  if (errorCode === ErrorCode.NONE) return undefined;
  const isUnknown = errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION || errorCode === ErrorCode.UNKNOWN_TOPIC_ID;
  return errorFromCode(errorCode, errorMessage, { ...details, retriable: isUnknown ? false : details.retriable });
}

/**
 * Sends each thing to the broker that `nodeOf` names, those of one broker together. What fails on the way is the outcome of the
 * things that it concerns. The outcomes are in the order of the things.
 */
export async function atNodes<I, R>(
  items: readonly I[],
  nodeOf: (item: I) => Promise<number>,
  ask: (nodeId: number, items: readonly I[]) => Promise<readonly ItemOutcome<R>[]>,
): Promise<ItemOutcome<R>[]> {
  const outcomes = new Map<number, ItemOutcome<R>>();
  const nodes = new Map<number, { readonly index: number; readonly item: I }[]>();
  await Promise.all(
    items.map(async (item, index) => {
      try {
        const nodeId = await nodeOf(item);
        const others = nodes.get(nodeId) ?? [];
        nodes.set(nodeId, others);
        others.push({ index, item });
      } catch (error) {
        outcomes.set(index, { error: asKafkaError(error) });
      }
    }),
  );
  await Promise.all(
    [...nodes].map(async ([nodeId, some]) => {
      try {
        const answers = await ask(
          nodeId,
          some.map(({ item }) => item),
        );
        for (const [at, { index }] of some.entries()) outcomes.set(index, answers[at] ?? { error: errorOfMissing() });
      } catch (error) {
        for (const { index } of some) outcomes.set(index, { error: asKafkaError(error) });
      }
    }),
  );
  return items.map((_, index) => outcomes.get(index) ?? { error: errorOfMissing() });
}

/** Asks for each thing by itself, all at once. */
export function eachAlone<I, R>(items: readonly I[], ask: (item: I) => Promise<R>): Promise<ItemOutcome<R>[]> {
  return Promise.all(
    items.map(async (item) => {
      try {
        return { value: await ask(item) };
      } catch (error) {
        return { error: asKafkaError(error) };
      }
    }),
  );
}
