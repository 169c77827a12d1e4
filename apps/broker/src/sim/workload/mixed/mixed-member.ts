import type { MemberTraits } from '../../history/consumer-group-history.ts';
import type { SimClient } from '../../sim-client.ts';
import type { Stage } from '../actor.ts';
import type { MixedGroup } from './mixed-group.ts';
import type { OwnedOffsets, OwningMember } from './owned-offsets.ts';

/** What came of a step: `refused` where the group does not take members of this protocol now, `fenced` where another has its place. */
export type StepOutcome = 'done' | 'refused' | 'fenced';

/** One process that is a member of the mixed group, in one protocol or the other. */
export interface MixedMember {
  /** What it works on. */
  readonly owned: ReadonlySet<string>;
  /** Who it is to the broker; undefined while it is not in. */
  readonly identity: OwningMember | undefined;
  /** Does what is next for it: joins, says that it lives, gives up what it must, takes what it is given. */
  step(): Promise<StepOutcome>;
  /** Took part until now, and is told by a commit's answer that this is over. */
  refusedCommit(errorCode: number): void;
  /** Says good-bye, a static member perhaps only for a while. Whether it is sure to be out now. */
  leave(): Promise<boolean>;
  /** Its process ends without a word. */
  vanish(): void;
}

/** What a process of the mixed group lives in. */
export interface MixedMemberStage {
  readonly stage: Stage;
  readonly client: SimClient;
  readonly group: MixedGroup;
  readonly offsets: OwnedOffsets;
  readonly topics: readonly string[];
  readonly traits: MemberTraits;
}
