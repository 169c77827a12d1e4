import { CONTROLLER_KEY, parseKey } from '../../../core/metadata/keys.ts';
import { controllerFormat, type PartitionRecord, partitionFormat } from '../../../core/metadata/records.ts';
import { readRecord } from '../../../core/metadata/value-format.ts';
import type { StoreChange, StoredEntry, StoreRevision } from '../../../ports/metadata-store.ts';

type Entries = ReadonlyMap<string, StoredEntry>;

/** Sees every write to the store as the store applies it, and holds the brokers to who may write what (cluster.md). */
export class MetadataHistory {
  readonly #violate: (what: string) => void;
  readonly #note: (what: string) => void;
  /** Who was named leader, by partition key and leader epoch. */
  readonly #leaders = new Map<string, number>();

  /** @param note a line of the trace for each change */
  constructor(violate: (what: string) => void, note: (what: string) => void) {
    this.#violate = violate;
    this.#note = note;
  }

  /** @param client the broker whose transaction it was; undefined: a lease has ended */
  applied({ revision, changes }: StoreRevision, before: Entries, client: string | undefined): void {
    for (const change of changes) {
      const value = change.entry?.value.replaceAll('"', '') ?? 'gone';
      this.#note(`store: revision ${revision} by ${client ?? 'a lease'}: ${change.key} ${value}`);
      const type = parseKey(change.key)?.type;
      if (type === 'partition') this.#partitionWritten(revision, change, before, Number(client));
      const isControllers = type === 'topic' || type === 'deletion' || type === 'config';
      if (isControllers && controllerOf(before) !== Number(client)) {
        this.#violate(`revision ${revision}, ${change.key}, broker ${client}: it writes and is not the controller`);
      }
    }
  }

  #partitionWritten(revision: number, { key, entry }: StoreChange, before: Entries, client: number): void {
    const isController = controllerOf(before) === client;
    const violate = (what: string) => this.#violate(`revision ${revision}, ${key}, broker ${client}: ${what}`);
    const former = before.get(key);
    if (entry === undefined) {
      if (!isController) violate('it removes a partition and is not the controller');
      return;
    }
    const next = recordOf(entry);
    if (former === undefined) {
      if (!isController) violate('it makes a partition and is not the controller');
    } else {
      const fault = faultOf(recordOf(former), next, client, isController);
      if (fault !== undefined) violate(fault);
    }
    this.#noteLeader(key, next, violate);
  }

  /** One leader in an epoch, for ever. */
  #noteLeader(key: string, { leader, leaderEpoch }: PartitionRecord, violate: (what: string) => void): void {
    if (leader < 0) return;
    const name = `${key} ${leaderEpoch}`;
    const known = this.#leaders.get(name);
    if (known !== undefined && known !== leader) violate(`two leaders in epoch ${leaderEpoch}: ${known} and ${leader}`);
    this.#leaders.set(name, leader);
  }
}

/** Entries are never changed, only replaced: each is read once. */
const records = new WeakMap<StoredEntry, PartitionRecord>();

export function recordOf(entry: StoredEntry): PartitionRecord {
  let record = records.get(entry);
  if (record === undefined) {
    record = readRecord(entry.key, entry.value, partitionFormat);
    records.set(entry, record);
  }
  return record;
}

function controllerOf(entries: Entries): number {
  const entry = entries.get(CONTROLLER_KEY);
  return entry === undefined ? -1 : readRecord(entry.key, entry.value, controllerFormat).brokerId;
}

function faultOf(
  former: PartitionRecord,
  next: PartitionRecord,
  client: number,
  isController: boolean,
): string | undefined {
  if (!isController && former.leader !== client) return 'it is neither the controller nor the leader, and writes';
  if (next.partitionEpoch !== former.partitionEpoch + 1) {
    return `it writes partition epoch ${next.partitionEpoch} over ${former.partitionEpoch}, which it cannot have seen`;
  }
  if (next.leaderEpoch < former.leaderEpoch)
    return `leader epoch ${next.leaderEpoch} comes after ${former.leaderEpoch}`;
  if (next.leader !== former.leader && next.leader >= 0 && next.leaderEpoch === former.leaderEpoch) {
    return `${next.leader} leads in the epoch of ${former.leader}`;
  }
  if (next.leader >= 0 && !next.isr.includes(next.leader)) return `its leader ${next.leader} is not in sync`;
  return undefined;
}
