import process from 'node:process';
import { Args } from '@oclif/core';
import { type Shell, shellScripts } from '../completion/shell-scripts.ts';
import { TalkingCommand } from '../talking-command.ts';

const shells = Object.keys(shellScripts);
const isShell = (name: string): name is Shell => shells.includes(name);

export class Completion extends TalkingCommand {
  static override summary = 'Print what a shell evaluates to complete commands, flags, topics, groups and profiles';
  static override examples = [
    'bash, in ~/.bashrc: eval "$(<%= config.bin %> completion bash)"',
    'zsh, in ~/.zshrc: eval "$(<%= config.bin %> completion zsh)"',
    'fish: <%= config.bin %> completion fish > ~/.config/fish/completions/<%= config.bin %>.fish',
    'PowerShell, in $PROFILE: <%= config.bin %> completion powershell | Out-String | Invoke-Expression',
  ];
  static override args = {
    shell: Args.string({ required: true, ignoreStdin: true, options: shells, description: 'the shell' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    if (isShell(args.shell)) process.stdout.write(shellScripts[args.shell]);
  }
}
