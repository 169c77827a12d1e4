import type { Client } from '@ks/client';
import { Flags } from '@oclif/core';
import { BaseCommand, type GlobalFlags, globalFlags, type TableFlags, tableFlags } from './base-command.ts';
import { confirm } from './confirm.ts';
import { refuseReadOnly } from './read-only.ts';
import type { Settings } from './settings/resolve-settings.ts';

/** Flags of commands that delete what they are given the names of. */
export const deleteFlags = {
  ...globalFlags,
  ...tableFlags,
  yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
  'dry-run': Flags.boolean({ description: 'only tell what would be deleted' }),
};

/** What `deleteFlags` were parsed to. */
export type DeleteFlags = GlobalFlags &
  TableFlags & { readonly yes: boolean; readonly 'dry-run': boolean; readonly quiet: boolean };

/** What is deleted, and how. */
export interface Deletion {
  /** The heading of the column, and the field in JSON: `topic`. */
  readonly kind: string;
  /** What is lost with the names: ` with all records`. */
  readonly loss: string;
  /** Turns what was typed into names that are there. Throws NOT_FOUND. */
  find(client: Client, settings: Settings): Promise<readonly string[]>;
  remove(client: Client, names: readonly string[]): Promise<void>;
}

/** Commands that delete things by name: they ask before, and can only tell what would be deleted. */
export abstract class DeleteCommand extends BaseCommand {
  protected async delete({ kind, loss, find, remove }: Deletion, flags: DeleteFlags): Promise<void> {
    const settings = await this.settings(flags);
    await using client = await this.connect(settings);
    const names = await find(client, settings);
    const name = names.join(' ');
    const action = `delete ${name}${loss}`;
    if (!flags['dry-run'] && names.length > 0) {
      refuseReadOnly(settings, action);
      await confirm({ action, name, isAgreed: flags.yes, ...settings });
      await remove(client, names);
    }
    const status = flags['dry-run'] ? 'would be deleted' : 'deleted';
    this.print(
      names.map((one) => ({ [kind]: one, status })),
      [
        { name: kind.toUpperCase(), get: (row) => row[kind] ?? null },
        { name: 'STATUS', get: (row) => row['status'] ?? null },
      ],
      flags,
    );
  }
}
