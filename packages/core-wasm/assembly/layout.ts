// Where the core's scratch lies. Everything is at a fixed address below HEAP_START; the owner's heap begins there.
// No function is reentrant and none keeps anything here between calls but the tables that `initialize` builds.

/** CRC-32C: 16 tables of 256 uint32, for slicing by 16. Page 0 is left to AssemblyScript's own static data. */
export const CRC_TABLES: usize = 0x10000;

/** LZ4 and Snappy: for each distance 0..15 a vector of `i % distance`, to repeat short patterns. */
export const PATTERN_INDEXES: usize = 0x14000;

/** Result of a scan of records. */
export const SCAN_RESULT: usize = 0x14100;

/** The four lanes of xxHash32 between pieces. */
export const XXHASH_LANES: usize = 0x14180;

/** CRC-32C folding: room for the history in front of the words being folded. */
export const FOLD_HISTORY: usize = 0x15000;
export const FOLD_WORDS: usize = 0x16000;
export const FOLD_WORDS_BYTES: usize = 0x6000;
/** What is left of each level of folding. */
export const FOLD_REST_16: usize = 0x1c000;
export const FOLD_REST_4: usize = 0x1d000;
export const FOLD_REST_1: usize = 0x1d800;

/** LZ4 and Snappy compression: where a hash was seen last, 2^14 uint16. */
export const HASH_TABLE: usize = 0x20000;

/** Inputs that lie outside the memory are copied here. */
export const STAGE: usize = 0x30000;
export const STAGE_BYTES: usize = 0x410000;

/** Outputs are written here, behind up to 64 KB of history, and copied out. */
export const WINDOW: usize = 0x440000;
export const WINDOW_BYTES: usize = 0x8a0000;

/** Behind the window codecs may store some bytes beyond their output. */
const WINDOW_SLACK: usize = 0x1000;

/** LZ4 at a higher level: for each place of a block the one before it with the same hash, 2^16 uint16. */
export const CHAIN_TABLE: usize = WINDOW + WINDOW_BYTES + WINDOW_SLACK;
const CHAIN_TABLE_BYTES: usize = 0x20000;

/** First address of the owner's heap, a multiple of 4096. */
export const HEAP_START: usize = CHAIN_TABLE + CHAIN_TABLE_BYTES;
