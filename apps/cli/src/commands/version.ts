import process from 'node:process';
import { TalkingCommand } from '../talking-command.ts';

export class Version extends TalkingCommand {
  static override summary = 'Print the version of ks and of the Node.js that runs it';
  static override examples = ['<%= config.bin %> version', '<%= config.bin %> --version'];

  async run(): Promise<void> {
    await this.parse(Version);
    process.stdout.write(`ks ${this.config.version}, node ${process.version}, ${process.platform} ${process.arch}\n`);
  }
}
