import process from 'node:process';
import { Args } from '@oclif/core';
import { bashScript } from '../completion/bash-script.ts';
import { TalkingCommand } from '../talking-command.ts';

export class Completion extends TalkingCommand {
  static override summary = 'Print what a shell evaluates to complete commands, flags, topics, groups and profiles';
  static override examples = [
    'for this shell: eval "$(<%= config.bin %> completion bash)"',
    'for all: echo \'eval "$(<%= config.bin %> completion bash)"\' >> ~/.bashrc',
  ];
  static override args = {
    shell: Args.string({ required: true, ignoreStdin: true, options: ['bash'], description: 'the shell' }),
  };

  async run(): Promise<void> {
    await this.parse(Completion);
    process.stdout.write(bashScript);
  }
}
