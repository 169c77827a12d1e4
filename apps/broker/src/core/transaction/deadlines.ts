import type { TransactionCommand } from './commands.ts';

/** When an ongoing transaction is aborted, or a prepared one is written again. */
type DeadlineKind = 'timeout' | 'resume';

export function deadlineKey(kind: DeadlineKind, transactionalId: string): string {
  return `${kind}:${transactionalId}`;
}

/** The command for a deadline that has passed. */
export function deadlineCommand(key: string): TransactionCommand {
  const colon = key.indexOf(':');
  const transactionalId = key.slice(colon + 1);
  return key.slice(0, colon) === 'timeout' ? { type: 'timeout', transactionalId } : { type: 'resume', transactionalId };
}
