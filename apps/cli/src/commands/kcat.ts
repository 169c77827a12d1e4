import process from 'node:process';
import { loadHelpClass } from '@oclif/core';
import { BaseCommand } from '../base-command.ts';
import { Interruption } from '../interruption.ts';
import { type KcatArguments, lastOf, numberOf, parseKcatArguments } from '../kcat/kcat-arguments.ts';
import { kcatConsume, kcatGroup } from '../kcat/kcat-consume.ts';
import { kcatList } from '../kcat/kcat-list.ts';
import { kcatProduce } from '../kcat/kcat-produce.ts';
import { kcatProperties } from '../kcat/kcat-properties.ts';
import { kcatQuery } from '../kcat/kcat-query.ts';
import { type KcatSession, say } from '../kcat/kcat-session.ts';
import { refuseReadOnly } from '../read-only.ts';

/** kcat's own default. */
const METADATA_SECONDS = 5;

const modes: Readonly<Record<string, (session: KcatSession) => Promise<void>>> = {
  C: kcatConsume,
  P: kcatProduce,
  L: kcatList,
  Q: kcatQuery,
  G: kcatGroup,
};

export class Kcat extends BaseCommand {
  static override summary = "kcat's command line: -C, -P, -L, -Q and -G with its letters and its format";
  static override description =
    'Of the letters: b c C D e f F G H J k K l L m o O p P q Q t T u X z Z. Serdes (-s, -r) and transactions are not here yet.';
  static override usage = 'kcat -C|-P|-L|-Q|-G GROUP [-b BROKERS] [-t TOPIC] [LETTERS] [FILES]';
  static override examples = [
    'consume: <%= config.bin %> kcat -b localhost:9092 -C -t orders -o -10 -e -f "%T %k: %s\\n"',
    'produce: <%= config.bin %> kcat -b localhost:9092 -P -t orders -K : < orders.txt',
    'list: <%= config.bin %> kcat -b localhost:9092 -L',
    'offset at a time: <%= config.bin %> kcat -b localhost:9092 -Q -t orders:0:1700000000000',
  ];
  static override strict = false;

  async run(): Promise<void> {
    const given = parseKcatArguments(this.argv);
    if (given.switches.has('h') || given.switches.has('V')) return this.#tell(given.switches.has('h'));
    const letter = modeLetter(given);
    const modeOf = modes[letter];
    const properties = await kcatProperties(given, process.env);
    for (const name of properties.ignored) say(given, `${name} has no effect in ks`);
    const settings = await this.settings({
      brokers: lastOf(given, 'b') ?? properties.brokers,
      timeout: Math.max(1, numberOf(given, 'm') ?? METADATA_SECONDS),
      ...(properties.clientId === undefined ? {} : { override: [`client.id=${properties.clientId}`] }),
    });
    if (letter === 'P') refuseReadOnly(settings, 'send records');
    if (letter === 'G') refuseReadOnly(settings, 'commit what a group has read');
    using interruption = new Interruption();
    const { signal } = interruption;
    const run = async (): Promise<void> => {
      await using client = await this.connect(settings, signal);
      await modeOf?.({
        given,
        properties,
        settings,
        client,
        signal,
        endWithReader: () => interruption.endWithReader(),
      });
    };
    await run().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (interruption.exitCode !== undefined) process.exit(interruption.exitCode);
  }

  async #tell(wantsHelp: boolean): Promise<void> {
    if (wantsHelp) {
      const HelpClass = await loadHelpClass(this.config);
      await new HelpClass(this.config, this.config.pjson.oclif.helpOptions).showHelp(['kcat']);
    } else process.stdout.write(`ks ${this.config.version}, with the command line of kcat 1.7.1\n`);
  }
}

function modeLetter(given: KcatArguments): string {
  if (given.values.has('G')) return 'G';
  const named = Object.keys(modes).find((letter) => given.switches.has(letter));
  if (named !== undefined) return named;
  const chosen = process.stdin.isTTY ? 'C' : 'P';
  say(given, `Auto-selecting ${chosen === 'C' ? 'Consumer' : 'Producer'} mode (use -P or -C to override)`);
  return chosen;
}
