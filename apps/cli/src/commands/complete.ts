import { homedir } from 'node:os';
import process from 'node:process';
import type { Admin } from '@ks/client';
import { BaseCommand, settingSources } from '../base-command.ts';
import { complete } from '../completion/complete.ts';
import { cachedNames, nameCachePath } from '../completion/name-cache.ts';
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
      topics: () => this.#live('topics', async (admin) => (await admin.listTopics()).map(({ name }) => name)),
      groups: () => this.#live('groups', async (admin) => (await admin.listGroups()).map(({ groupId }) => groupId)),
      profiles: async () => (await chooseProfile(settingSources({}))).file.names,
    }).catch(() => []);
    process.stdout.write(found.map((one) => `${one}\n`).join(''));
  }

  /** Names of the cluster that a command of these words would speak to. */
  async #live(kind: string, names: (admin: Admin) => Promise<readonly string[]>): Promise<readonly string[]> {
    const settings = await this.settings({ ...clusterFlags(this.argv), timeout: LIVE_SECONDS });
    return cachedNames(nameCachePath(process.env, homedir()), `${kind} ${settings.brokers}`, async () => {
      await using client = await this.connect(settings);
      return await names(client.admin);
    });
  }
}

/** `-b` and `-P` among words that are not complete. */
function clusterFlags(words: readonly string[]): { readonly brokers?: string; readonly profile?: string } {
  const given = (...names: readonly string[]): string | undefined => {
    const at = words.findIndex((word) => names.includes(word));
    return at < 0 || at + 1 >= words.length - 1 ? undefined : words[at + 1];
  };
  const [brokers, profile] = [given('-b', '--brokers'), given('-P', '--profile')];
  return { ...(brokers === undefined ? {} : { brokers }), ...(profile === undefined ? {} : { profile }) };
}
