export * from './consumer-offsets.ts';
export * from './share-groups.ts';
export * from './streams-groups.ts';
export * from './transaction-state.ts';
export * from './share-group-state.ts';
export * from './consumer-protocol.ts';
export * from './control-records.ts';
export * from './log-files.ts';
