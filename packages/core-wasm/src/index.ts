export type { Core, CoreErrorCode, CoreOptions, RecordsScan } from './core.ts';
export { CoreError, RecordsScanStatus } from './core.ts';
export { createCore } from './create-core.ts';
