/** As much of a command as completion needs. */
export interface CompletableCommand {
  /** `topics:list`. */
  readonly id: string;
  readonly hidden?: boolean | undefined;
  readonly args: Readonly<Record<string, unknown>>;
  readonly flags: Readonly<Record<string, CompletableFlag>>;
  /** `false`: the last argument may be repeated. */
  readonly strict?: boolean | undefined;
}

export interface CompletableFlag {
  readonly type: string;
  readonly char?: string | undefined;
  readonly hidden?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
}

/** Names that only a cluster, or the user's files, know. Nothing where they cannot be had. */
export interface LiveNames {
  topics(): Promise<readonly string[]>;
  groups(): Promise<readonly string[]>;
  profiles(): Promise<readonly string[]>;
}

/** What may stand in place of the last of `words`, which is begun or empty; `words` are those behind `ks`. */
export async function complete(
  words: readonly string[],
  commands: readonly CompletableCommand[],
  live: LiveNames,
): Promise<readonly string[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const shown = commands.filter(({ hidden }) => hidden !== true);
  const found = commandOf(before, shown);
  const candidates =
    found === undefined
      ? nextWords(before, shown)
      : await candidatesOf(found.command, before, found.argsAt, current, live);
  return [...new Set(candidates)].filter((one) => one.startsWith(current)).toSorted();
}

function commandOf(
  before: readonly string[],
  commands: readonly CompletableCommand[],
): { readonly command: CompletableCommand; readonly argsAt: number } | undefined {
  for (const length of [2, 1]) {
    const command = commands.find(({ id }) => id === before.slice(0, length).join(':') && before.length >= length);
    if (command !== undefined) return { command, argsAt: length };
  }
  return undefined;
}

/** The words of commands that go on from those typed. */
function nextWords(before: readonly string[], commands: readonly CompletableCommand[]): readonly string[] {
  return commands.flatMap(({ id }) => {
    const parts = id.split(':');
    const next = parts[before.length];
    return next !== undefined && before.every((word, index) => word === parts[index]) ? [next] : [];
  });
}

async function candidatesOf(
  command: CompletableCommand,
  before: readonly string[],
  argsAt: number,
  current: string,
  live: LiveNames,
): Promise<readonly string[]> {
  const flag = flagOf(command, before.at(-1) ?? '');
  if (flag !== undefined && flag.type === 'option') return valuesOf(flag, live);
  if (current.startsWith('-')) return flagWords(command);
  const names = Object.keys(command.args);
  const given = operandsOf(command, before.slice(argsAt)).length;
  const name = names[given] ?? (command.strict === false ? names.at(-1) : undefined);
  if (name === 'topic') return command.id === 'topics:create' ? [] : live.topics();
  if (name === 'group') return live.groups();
  return name === 'name' && command.id !== 'profile:create' ? live.profiles() : [];
}

type NamedFlag = CompletableFlag & { readonly name: string };

function flagOf(command: CompletableCommand, word: string): NamedFlag | undefined {
  const found = Object.entries(command.flags).find(
    ([name, { char }]) => word === `--${name}` || (char !== undefined && word === `-${char}`),
  );
  return found && { ...found[1], name: found[0] };
}

async function valuesOf({ name, options }: NamedFlag, live: LiveNames): Promise<readonly string[]> {
  if (options !== undefined) return options;
  if (name === 'profile') return live.profiles();
  if (name === 'group') return live.groups();
  return name === 'topic' ? live.topics() : [];
}

function flagWords(command: CompletableCommand): readonly string[] {
  return Object.entries(command.flags)
    .filter(([, { hidden }]) => hidden !== true)
    .map(([name]) => `--${name}`);
}

/** The words that are neither flags nor values of flags. */
function operandsOf(command: CompletableCommand, words: readonly string[]): readonly string[] {
  return words.filter((word, index) => {
    if (word.startsWith('-')) return false;
    const former = words[index - 1];
    return former === undefined || flagOf(command, former)?.type !== 'option';
  });
}
