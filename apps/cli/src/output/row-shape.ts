/** The fields of a row as `-o json` prints it, and their types: `?` behind a name that may be missing. */
export type RowShape = Readonly<Record<string, string>>;

/** The shape as `-o help` prints it. */
export function rowShapeText(shape: RowShape): string {
  const lines = Object.entries(shape).map(([name, type]) => `  ${name}: ${type}`);
  return `[{\n${lines.join('\n')}\n}]\n`;
}

/** Whether `-o help` is among the arguments, which need not be complete. */
export function asksForShape(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).some((word, index) =>
    word === '-o' || word === '--output' ? argv[index + 1] === 'help' : /^(-o=?|--output=)help$/.test(word),
  );
}
