/** The names that occur more than once. */
export function namedTwice(names: Iterable<string>): ReadonlySet<string> {
  const once = new Set<string>();
  const twice = new Set<string>();
  for (const name of names) {
    if (once.has(name)) twice.add(name);
    once.add(name);
  }
  return twice;
}
