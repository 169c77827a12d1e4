export * from './batch-crc.ts';
export * from './batch-header.ts';
export * as batchHeader from './batch-header.ts';
