import { uint32LittleEndianAt } from '../bytes.ts';
import type { Output } from '../output.ts';
import {
  commonBytes,
  LITERAL_TAIL,
  MATCH_MIN,
  MATCH_START_MARGIN,
  startsAlike,
  writeSequence,
} from './lz4-sequence.ts';

const HASH_BITS = 14;

interface Match {
  readonly at: number;
  readonly bytes: number;
}

/** Places of a block by their hash, the latest first. */
class Chains {
  readonly #input: Uint8Array;
  readonly #start: number;
  readonly #latest = new Uint16Array(1 << HASH_BITS);
  readonly #before = new Uint16Array(1 << 16);
  #knownEnd: number;

  constructor(input: Uint8Array, start: number) {
    this.#input = input;
    this.#start = start;
    this.#knownEnd = start + 1;
  }

  /** Takes in all places before `end`. */
  rememberUntil(end: number): void {
    for (; this.#knownEnd < end; this.#knownEnd += 1) {
      const slot = this.#slotOf(this.#knownEnd);
      this.#before[this.#knownEnd - this.#start] = this.#latest[slot] as number;
      this.#latest[slot] = this.#knownEnd - this.#start;
    }
  }

  /** The longest match for `at` among the latest `attempts` places with its hash; undefined where none is longer than `longerThan`. */
  longestMatch(at: number, end: number, longerThan: number, attempts: number): Match | undefined {
    const input = this.#input;
    let best: Match | undefined;
    let length = longerThan;
    let match = this.#start + (this.#latest[this.#slotOf(at)] as number);
    for (let attempt = 0; match < at && attempt < attempts; attempt += 1) {
      if (input[match + length] === input[at + length] && startsAlike(input, match, at)) {
        const found = MATCH_MIN + commonBytes(input, match + MATCH_MIN, at + MATCH_MIN, end);
        if (found > length) {
          best = { at: match, bytes: found };
          length = found;
          if (at + length >= end) break;
        }
      }
      const before = this.#start + (this.#before[match - this.#start] as number);
      if (before >= match) break;
      match = before;
    }
    return best;
  }

  #slotOf(at: number): number {
    return Math.imul(uint32LittleEndianAt(this.#input, at), 0x9e3779b1) >>> (32 - HASH_BITS);
  }
}

/** Compresses `input[start, end)` harder: the longest of `attempts` matches is taken, unless the next byte begins a longer one. */
export function compressBlockHigh(
  input: Uint8Array,
  start: number,
  end: number,
  output: Output,
  attempts: number,
): number {
  const lastStart = end - MATCH_START_MARGIN;
  const matchEnd = end - LITERAL_TAIL;
  const chains = new Chains(input, start);
  let literalsAt = start;
  let write = output.position;
  let at = start + 1;
  while (at <= lastStart) {
    chains.rememberUntil(at);
    let found = chains.longestMatch(at, matchEnd, MATCH_MIN - 1, attempts);
    if (found === undefined) {
      at += 1;
      continue;
    }
    while (at < lastStart) {
      chains.rememberUntil(at + 1);
      const later = chains.longestMatch(at + 1, matchEnd, found.bytes, attempts);
      if (later === undefined) break;
      found = later;
      at += 1;
    }
    write = writeSequence(input, literalsAt, at, output.bytes, write, at - found.at, found.bytes);
    at += found.bytes;
    literalsAt = at;
    chains.rememberUntil(Math.min(at, lastStart + 1));
  }
  return writeSequence(input, literalsAt, end, output.bytes, write, 0, 0) - output.position;
}
