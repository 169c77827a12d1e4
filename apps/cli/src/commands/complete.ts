import process from 'node:process';
import type { Admin } from '@ks/client';
import { BaseCommand, settingSources } from '../base-command.ts';
import { complete } from '../completion/complete.ts';
import { chooseProfile } from '../settings/load-settings.ts';

/** Who waits for a completion waits for a keystroke. */
const LIVE_SECONDS = 1;

/** Answers the shell: one candidate a line. Never fails: no answer is no candidate. */
export class Complete extends BaseCommand {
  static override summary = 'Print what may stand in place of the last word';
  static override hidden = true;
  static override examples = [
    '<%= config.bin %> __complete -- topics ""',
    '<%= config.bin %> __complete -- consume ord',
  ];
  static override strict = false;

  async run(): Promise<void> {
    const words = this.argv[0] === '--' ? this.argv.slice(1) : this.argv;
    const found = await complete(words, this.config.commands, {
      topics: () => this.#live(async (admin) => (await admin.listTopics()).map(({ name }) => name)),
      groups: () => this.#live(async (admin) => (await admin.listGroups()).map(({ groupId }) => groupId)),
      profiles: async () => (await chooseProfile(settingSources({}))).file.names,
    }).catch(() => []);
    process.stdout.write(found.map((one) => `${one}\n`).join(''));
  }

  async #live(names: (admin: Admin) => Promise<readonly string[]>): Promise<readonly string[]> {
    await using client = await this.connect(await this.settings({ timeout: LIVE_SECONDS }));
    return await names(client.admin);
  }
}
