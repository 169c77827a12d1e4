/** What one client did to one topic while the broker was killed again and again. */
export interface Worker {
  readonly topic: string;
  /** What the report calls it; its topic by default. */
  readonly label?: string;
  /** Goes on through every death of the broker until `isOver()`; settles when nothing of it is under way. */
  run(bootstrap: string, isOver: () => boolean): Promise<void>;
  /** How much was acknowledged, for the report. */
  acknowledged(): number;
  /** It hears what was acknowledged only when it ends. */
  readonly tellsAtItsEnd?: boolean;
  /** Compares what was told with what is read afterwards; each line is one broken promise. */
  check(read: AfterTheLastDeath): Promise<readonly string[]>;
}

/** How a checker reads. */
export interface AfterTheLastDeath {
  readonly bootstrap: string;
  /** The values of each partition, in order. */
  records(
    topic: string,
    isolation: 'read_committed' | 'read_uncommitted',
  ): Promise<ReadonlyMap<number, readonly string[]>>;
}

/** Promises about the values of one partition: everything acknowledged is there and in the order of sending, `once` where nothing may double. */
export function checkPartition(
  where: string,
  acknowledged: readonly string[],
  found: readonly string[],
  once: boolean,
): readonly string[] {
  const broken: string[] = [];
  const first = new Map<string, number>();
  for (const [at, value] of found.entries()) {
    if (!first.has(value)) first.set(value, at);
    else if (once) broken.push(`${where}: ${value} is there twice`);
  }
  let last = -1;
  for (const value of acknowledged) {
    const at = first.get(value);
    if (at === undefined) broken.push(`${where}: ${value} was acknowledged and is lost`);
    else if (at < last) broken.push(`${where}: ${value} stands before one that was sent earlier`);
    else last = at;
  }
  return broken;
}
