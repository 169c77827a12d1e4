import type { Type, types } from 'avsc';

/** Items that take no bytes (nulls, records without fields), in one record: a count alone could claim any number of them. */
const EMPTY_ITEMS_MAX = 10_000;

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  emptyItems: number;
}

type Walk = (cursor: Cursor) => void;

/**
 * A check that a record's bytes are what its type says, before anything is made of them: `avsc` takes the counts of arrays and maps as they
 * come, and a wrong one keeps it busy for hours. Undefined for types without arrays and maps, which it reads safely. It throws a RangeError.
 */
export function avroBounds(type: Type): ((bytes: Uint8Array, at: number) => void) | undefined {
  const walks = new Map<Type, Walk>();
  const walk = walkOf(type, walks);
  if (![...walks.keys()].some(({ typeName }) => typeName === 'array' || typeName === 'map')) return undefined;
  return (bytes, at) => {
    const cursor = { bytes, at, emptyItems: 0 };
    walk(cursor);
    if (cursor.at < bytes.length) throw new RangeError(`${bytes.length - cursor.at} bytes follow the record`);
  };
}

function walkOf(type: Type, walks: Map<Type, Walk>): Walk {
  const known = walks.get(type);
  if (known !== undefined) return known;
  // Types may contain themselves: what stands here meanwhile is asked when the walk is under way.
  walks.set(type, (cursor) => walks.get(type)?.(cursor));
  const walk = newWalk(type, walks);
  walks.set(type, walk);
  return walk;
}

function newWalk(type: Type, walks: Map<Type, Walk>): Walk {
  const { typeName } = type;
  if (typeName.startsWith('logical:')) return walkOf((type as types.LogicalType).underlyingType, walks);
  if (typeName.startsWith('union:')) return unionWalk((type as types.WrappedUnionType).types, walks);
  switch (typeName) {
    case 'null':
      return () => {};
    case 'boolean':
      return (cursor) => skip(cursor, 1);
    case 'float':
      return (cursor) => skip(cursor, 4);
    case 'double':
      return (cursor) => skip(cursor, 8);
    case 'fixed':
      return fixedWalk((type as types.FixedType).size);
    case 'bytes':
    case 'string':
      return (cursor) => skip(cursor, readLong(cursor));
    case 'record':
    case 'error':
      return recordWalk(type as types.RecordType, walks);
    case 'array':
      return blocksWalk(walkOf((type as types.ArrayType).itemsType, walks));
    case 'map':
      return mapWalk(walkOf((type as types.MapType).valuesType, walks));
    default:
      // int, long, abstract:long and enum.
      return readLong;
  }
}

function fixedWalk(sizeBytes: number): Walk {
  return (cursor) => skip(cursor, sizeBytes);
}

function recordWalk({ fields }: types.RecordType, walks: Map<Type, Walk>): Walk {
  const parts = fields.map((field) => walkOf(field.type, walks));
  return (cursor) => {
    for (const part of parts) part(cursor);
  };
}

function unionWalk(branches: readonly Type[], walks: Map<Type, Walk>): Walk {
  const parts = branches.map((branch) => walkOf(branch, walks));
  return (cursor) => {
    const index = readLong(cursor);
    const part = parts[index];
    if (part === undefined) throw new RangeError(`branch ${index} of a union of ${parts.length}`);
    part(cursor);
  };
}

function mapWalk(value: Walk): Walk {
  return blocksWalk((cursor) => {
    skip(cursor, readLong(cursor));
    value(cursor);
  });
}

/** Blocks of items, each with its count (negative: its size in bytes follows), up to an empty one. */
function blocksWalk(item: Walk): Walk {
  return (cursor) => {
    for (;;) {
      const count = readLong(cursor);
      if (count === 0) return;
      if (count < 0) readLong(cursor);
      for (let left = Math.abs(count); left > 0; left -= 1) {
        const before = cursor.at;
        item(cursor);
        if (cursor.at > before) continue;
        cursor.emptyItems += 1;
        if (cursor.emptyItems > EMPTY_ITEMS_MAX) throw new RangeError(`more than ${EMPTY_ITEMS_MAX} items of no bytes`);
      }
    }
  };
}

function skip(cursor: Cursor, sizeBytes: number): void {
  if (sizeBytes < 0 || sizeBytes > cursor.bytes.length - cursor.at) {
    throw new RangeError(`${sizeBytes} bytes where ${cursor.bytes.length - cursor.at} are left`);
  }
  cursor.at += sizeBytes;
}

/** A zigzag number of at most ten bytes; beyond 2^53 it is rounded, which is as wrong a count as the number itself. */
function readLong(cursor: Cursor): number {
  let raw = 0;
  let scale = 1;
  for (let index = 0; index < 10; index += 1) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) throw new RangeError('it ends within a number');
    cursor.at += 1;
    raw += (byte & 0x7f) * scale;
    if (byte < 0x80) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
    scale *= 128;
  }
  throw new RangeError('a number of more than ten bytes');
}
