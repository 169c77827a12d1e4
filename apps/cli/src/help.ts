import { CommandHelp, Help } from '@oclif/core';

/** A command's help with what one can copy at its top. */
class ExamplesFirst extends CommandHelp {
  protected override defaultUsage(): string {
    const args = Object.values(this.command.args ?? {}).filter(({ hidden }) => hidden !== true);
    const names = args.map(({ name, required }) =>
      required === true ? name.toUpperCase() : `[${name.toUpperCase()}]`,
    );
    const more = this.command.strict === false && names.length > 0 ? '...' : '';
    return [this.command.id, `${names.join(' ')}${more}`, '[FLAGS]'].filter((part) => part !== '').join(' ');
  }

  protected override sections(): ReturnType<CommandHelp['sections']> {
    const sections = super.sections();
    const isFirst = ({ header }: { readonly header: string }): boolean => header === 'USAGE' || header === 'EXAMPLES';
    const first = sections.filter(isFirst);
    return [...first, ...sections.filter((section) => !isFirst(section))];
  }
}

/** oclif's help, with the examples before the flags. */
export class ExamplesFirstHelp extends Help {
  protected override CommandHelpClass = ExamplesFirst;
}
