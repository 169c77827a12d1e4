import { describe, expect, test } from 'vitest';
import type { FilePart } from '../ports/wire-part.ts';
import { Outbox } from './outbox.ts';
import { SMALL_STEP_BYTES, STEP_BYTES, StepMemory } from './step-memory.ts';

const MEGABYTE = 1_048_576;

/** A file of so many bytes, each its position's remainder. */
function file(sizeBytes: number): FilePart & { isReleased: boolean } {
  const part = {
    kind: 'file' as const,
    sizeBytes,
    isReleased: false,
    read: async (into: Uint8Array, at: number) => {
      for (let index = 0; index < into.length; index++) into[index] = (at + index) % 251;
    },
    release: () => {
      part.isReleased = true;
    },
  };
  return part;
}

/** A client that takes what it is sent when it is told to. */
class Client {
  readonly outbox: Outbox;
  readonly taken: Uint8Array[] = [];
  #waiting: (() => void)[] = [];
  isSlow: boolean;

  constructor(memory: StepMemory, isSlow: boolean) {
    this.isSlow = isSlow;
    const write = (views: readonly Uint8Array[], sent: () => void): boolean => {
      const take = (): void => {
        for (const view of views) this.taken.push(view.slice());
        sent();
      };
      if (this.isSlow) this.#waiting.push(take);
      else take();
      return !this.isSlow;
    };
    const failed = (error: unknown): never => {
      throw error;
    };
    this.outbox = new Outbox({ connection: { write }, memory, progressed: () => undefined, failed });
  }

  /** Goes without taking the rest: the system says of each write that it is over. */
  leave(): void {
    this.outbox.close();
    for (const take of this.#waiting.splice(0)) take();
  }

  /** Takes all that comes until nothing does. */
  async drain(): Promise<Uint8Array> {
    this.isSlow = false;
    for (const take of this.#waiting.splice(0)) take();
    this.outbox.drained();
    this.outbox.pump();
    while (this.outbox.pendingBytes > 0) await Promise.resolve();
    return Buffer.concat(this.taken);
  }
}

describe('responses from files', () => {
  test('hold a step for each client that does not take them, a small one where they are many', async () => {
    const memory = new StepMemory({ reserve: () => undefined });
    const parts: ReturnType<typeof file>[] = [];
    const clients = Array.from({ length: 2000 }, () => {
      const part = file(MEGABYTE);
      parts.push(part);
      const client = new Client(memory, true);
      client.outbox.push([part]);
      client.outbox.pump();
      return client;
    });
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(memory.heldBytes).toBeLessThanOrEqual(32 * MEGABYTE + 2000 * SMALL_STEP_BYTES);
    expect(memory.stepBytes).toBe(SMALL_STEP_BYTES);
    const expected = new Uint8Array(MEGABYTE).map((_, index) => index % 251);
    for (const client of clients.slice(-3)) expect(await client.drain()).toEqual(Buffer.from(expected));
    for (const client of clients) client.leave();
    expect(memory.heldBytes).toBe(0);
    expect(parts.every((part) => part.isReleased)).toBe(true);
    expect(memory.stepBytes).toBe(STEP_BYTES);
  });

  test('are read on this thread as long as that is quick, and as they would be otherwise', async () => {
    const memory = new StepMemory({ reserve: () => undefined });
    const client = new Client(memory, false);
    const slow = file(MEGABYTE);
    const quick = file(MEGABYTE);
    let quickSteps = 0;
    const readNow = (into: Uint8Array, at: number): boolean => {
      quickSteps += 1;
      if (quickSteps === 2) return false;
      for (let index = 0; index < into.length; index++) into[index] = (at + index) % 251;
      return true;
    };
    client.outbox.push([Uint8Array.of(1, 2, 3), { ...quick, readNow }, slow]);
    client.outbox.pump();
    const bytes = await client.drain();
    const expected = Buffer.from(new Uint8Array(MEGABYTE).map((_, index) => index % 251));
    expect(Buffer.from(bytes).equals(Buffer.concat([Uint8Array.of(1, 2, 3), expected, expected]))).toBe(true);
    expect([quickSteps, quick.isReleased, slow.isReleased, memory.heldBytes]).toEqual([5, true, true, 0]);
  });

  test('go in full steps to a client that takes them', async () => {
    const memory = new StepMemory({ reserve: () => undefined });
    const client = new Client(memory, false);
    client.outbox.push([Uint8Array.of(1, 2, 3), file(MEGABYTE)]);
    client.outbox.pump();
    const bytes = await client.drain();
    expect([bytes.length, client.taken.length <= 7]).toEqual([MEGABYTE + 3, true]);
    expect(memory.heldBytes).toBe(0);
  });
});
