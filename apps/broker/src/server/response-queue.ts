import type { Handler } from '../handlers/handler.ts';
import type { Answer } from './dispatch.ts';
import { releaseSendables, type Sendable } from './response-parts.ts';

/** A request under way; its place in the order is taken when it is admitted. */
export interface Slot {
  readonly handler: Handler;
  answer: Answer;
  isDone: boolean;
}

/** The responses of one connection: they complete in any order and leave in the order of their requests. */
export class ResponseQueue {
  #slots: Slot[] = [];
  #isClosed = false;

  /** Requests that have not left yet. */
  get length(): number {
    return this.#slots.length;
  }

  /** Whether a handler has as many of them as it may. */
  isFullOf(handler: Handler | undefined): boolean {
    const max = handler?.options.inFlightMax;
    if (max === undefined) return false;
    let count = 0;
    for (const slot of this.#slots) if (slot.handler === handler) count += 1;
    return count >= max;
  }

  open(handler: Handler): Slot {
    const slot: Slot = { handler, answer: undefined, isDone: false };
    this.#slots.push(slot);
    return slot;
  }

  /** The slot's answer is there; whether it is (or stands behind) the next to leave. */
  complete(slot: Slot, answer: Answer): boolean {
    if (this.#isClosed) {
      if (answer) releaseSendables(answer);
      return false;
    }
    slot.answer = answer;
    slot.isDone = true;
    return this.#slots[0]?.isDone ?? false;
  }

  /** Takes what may leave now out of the queue. */
  takeDone(): readonly Sendable[] {
    let count = 0;
    while (this.#slots[count]?.isDone) count += 1;
    if (count === 0) return [];
    return this.#slots.splice(0, count).flatMap(({ answer }) => answer ?? []);
  }

  /** The connection is gone: answers that are or come are given up. */
  close(): void {
    this.#isClosed = true;
    for (const { answer } of this.#slots) if (answer) releaseSendables(answer);
    this.#slots = [];
  }
}
