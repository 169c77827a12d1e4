import { kcat } from '../kcat.ts';

/** How often each word occurs. */
export type Counts = ReadonlyMap<string, number>;

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
/** While others write, the end of a partition shows in an answer without records: so it may not wait for them. */
const readAll = (bootstrap: string, topic: string, format: string): Promise<string> =>
  kcat(bootstrap, [
    ...['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', format],
    ...['-X', 'isolation.level=read_committed', '-X', 'fetch.wait.max.ms=1'],
  ]);

/** How often each word really occurs in the topic that is counted. */
export async function wordsIn(bootstrap: string, topic: string): Promise<Counts> {
  const found = new Map<string, number>();
  for (const word of (await readAll(bootstrap, topic, '%s\n')).split(/\s+/))
    if (word !== '') found.set(word, (found.get(word) ?? 0) + 1);
  return found;
}

/** Every count that was committed for each word, in its order. */
export async function countsIn(bootstrap: string, topic: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, number[]>();
  for (const line of lines(await readAll(bootstrap, topic, '%k %s\n'))) {
    const [word = '', count = ''] = line.split(' ');
    const counts = found.get(word) ?? [];
    counts.push(Number(count));
    found.set(word, counts);
  }
  return found;
}

/**
 * What is wrong with the counts of a finished run; nothing is the only good answer. Counts that are exact go 1, 2, 3 to the number of
 * occurrences, each once; counts made at least once end at that number or above it.
 */
export function checkCounts(words: Counts, counts: ReadonlyMap<string, readonly number[]>, isExact: boolean): string[] {
  const broken: string[] = [];
  for (const [word, occurrences] of words) {
    const told = counts.get(word) ?? [];
    const last = told.at(-1) ?? 0;
    if (last < occurrences) broken.push(`${word} occurs ${occurrences} times, ${last} were counted`);
    if (!isExact) continue;
    if (last > occurrences) broken.push(`${word} occurs ${occurrences} times, ${last} were counted`);
    const at = told.findIndex((count, index) => count !== index + 1);
    if (at >= 0) broken.push(`${word}: after count ${told[at - 1] ?? 0} came ${told[at]}`);
  }
  for (const word of counts.keys()) if (!words.has(word)) broken.push(`${word} was counted and never said`);
  return broken;
}

/** Whether every occurrence has been counted. */
export const isCounted = (words: Counts, counts: ReadonlyMap<string, readonly number[]>): boolean =>
  [...words].every(([word, occurrences]) => (counts.get(word)?.at(-1) ?? 0) >= occurrences);
