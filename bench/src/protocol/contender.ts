/** One library's way of doing one thing, in a version that it speaks. What `run` gives may be a promise. */
export interface Contender {
  readonly peer: string;
  readonly version: number;
  run(): unknown;
}

/** One thing to do, and who does it. Peers speak different versions, so ks runs against each in that one's own. */
export interface Comparison {
  readonly name: string;
  /** Throws unless the settled result is what it has to be: nobody is fast by doing less. */
  check(version: number, result: unknown): void;
  readonly pairs: readonly (readonly [ours: Contender, theirs: Contender])[];
}

/** ks against both peers. */
export function compare(
  name: string,
  check: Comparison['check'],
  ours: (version: number) => Contender,
  platformatic: Omit<Contender, 'peer'>,
  kafkajs: Omit<Contender, 'peer'>,
): Comparison {
  return {
    name,
    check,
    pairs: [
      [ours(platformatic.version), { ...platformatic, peer: '@platformatic/kafka' }],
      [ours(kafkajs.version), { ...kafkajs, peer: 'kafkajs' }],
    ],
  };
}
