/** A consumer in a group, whoever's it is. */
export interface Member {
  /** Partitions that it has now. Throws where the member has failed. */
  assigned(): readonly number[];
  /** Values it was given, in order. */
  readonly received: readonly string[];
  /** Commits what it was given and leaves the group. */
  leave(): Promise<void>;
}

/** A foreign client that can join groups. */
export interface GroupClient {
  readonly name: string;
  /** Starts a member that reads from the commit, or from the beginning where there is none. */
  join(bootstrap: string, groupId: string, topic: string): Promise<Member>;
}

/** Waits until `holds()`; rejects with what `state` says after a minute. */
export async function until(holds: () => boolean, state: () => string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`it did not come to this within a minute: ${state()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
