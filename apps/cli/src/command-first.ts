/** Global flags that take a value, as they may stand before the command's name. */
const valueFlags = /^(-b|--brokers|--bootstrap-server|-P|--profile|-X|--override|--timeout|--command-config)$/;
const plainFlags = /^(-v|--verbose|-q|--quiet|--no-color|--plain|--read-only|--json)$/;
const joinedFlags = /^(-[bPX].+|--(brokers|bootstrap-server|profile|override|timeout|command-config)=.*)$/;

/** `ks -b host:9092 topics list` as `ks topics list -b host:9092`: the parser wants the command's name first. */
export function commandFirst(argv: readonly string[]): string[] {
  let at = 0;
  for (;;) {
    const word = argv[at];
    if (word === undefined) break;
    if (valueFlags.test(word)) at += 2;
    else if (plainFlags.test(word) || joinedFlags.test(word)) at += 1;
    else break;
  }
  // `ks -v` alone asks for something else.
  if (at === 0 || at >= argv.length || argv[at]?.startsWith('-') === true) return [...argv];
  const [flags, words] = [argv.slice(0, at), argv.slice(at)];
  const endOfFlags = words.indexOf('--');
  return endOfFlags < 0 ? [...words, ...flags] : [...words.slice(0, endOfFlags), ...flags, ...words.slice(endOfFlags)];
}
