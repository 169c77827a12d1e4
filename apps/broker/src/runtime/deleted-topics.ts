import type { ClusterImage } from '../core/metadata/image.ts';

/** A topic that was deleted, and which one of that name. */
export interface DeletedTopic {
  readonly topic: string;
  readonly topicId: string;
}

/** More are not kept: the oldest go first. */
const REMEMBERED_MAX = 10_000;

/** The topics that were deleted lately, for those who could not act on it at once. */
export class DeletedTopics {
  readonly #rememberedMs: number;
  /** By topic id, oldest first. */
  readonly #deleted = new Map<string, { readonly topic: DeletedTopic; readonly atMs: number }>();

  constructor(rememberedMs: number) {
    this.#rememberedMs = rememberedMs;
  }

  /** The topics that the newer image lacks. */
  note(previous: ClusterImage | undefined, next: ClusterImage, nowMs: number): readonly DeletedTopic[] {
    if (previous === undefined || previous.topicsById === next.topicsById) return [];
    const gone = [...previous.topicsById.values()]
      .filter(({ topicId }) => !next.topicsById.has(topicId))
      .map(({ name, topicId }) => ({ topic: name, topicId }));
    for (const topic of gone) this.#deleted.set(topic.topicId, { topic, atMs: nowMs });
    return gone;
  }

  /** All that were deleted within the time they are remembered for. */
  lately(nowMs: number): readonly DeletedTopic[] {
    for (const [topicId, { atMs }] of this.#deleted) {
      if (nowMs - atMs <= this.#rememberedMs && this.#deleted.size <= REMEMBERED_MAX) break;
      this.#deleted.delete(topicId);
    }
    return Array.from(this.#deleted.values(), ({ topic }) => topic);
  }
}
