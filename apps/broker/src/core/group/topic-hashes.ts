import type { ClusterImage, TopicImage } from '../metadata/image.ts';

const PRIME = 0x01000193;
const OTHER_PRIME = 0x85ebca6b;

/** Two 32-bit hashes side by side: 53 bits of them, so that a number holds them. */
class Hash {
  #a = 0x811c9dc5;
  #b = 0x9747b28c;

  text(value: string): void {
    for (let index = 0; index < value.length; index++) this.number(value.charCodeAt(index));
    this.number(-1);
  }

  number(value: number): void {
    this.#a = Math.imul(this.#a ^ value, PRIME);
    this.#b = Math.imul(this.#b ^ value, OTHER_PRIME);
    this.#b = (this.#b << 13) | (this.#b >>> 19);
  }

  value(): number {
    return (this.#a >>> 0) * 0x200000 + (this.#b >>> 11);
  }
}

/**
 * What assignments depend on of a set of topics, as one number: names, ids, partition counts and the racks of the replicas (KIP-1101).
 * Topics that are not there count nothing; 0 if there are none at all.
 */
export class TopicHashes {
  /** By the topic's image: whatever changes of a topic makes a new one. */
  #byTopic = new WeakMap<TopicImage, number>();
  #brokers: ClusterImage['brokers'] | undefined;

  of(topicNames: Iterable<string>, image: ClusterImage): number {
    if (this.#brokers !== image.brokers) {
      this.#byTopic = new WeakMap();
      this.#brokers = image.brokers;
    }
    const hash = new Hash();
    let any = false;
    for (const name of [...topicNames].sort()) {
      const topic = image.topicsByName.get(name);
      if (topic === undefined) continue;
      any = true;
      const one = this.#ofTopic(topic, image);
      hash.number(Math.floor(one / 0x100000000));
      hash.number(one | 0);
    }
    return any ? hash.value() : 0;
  }

  #ofTopic(topic: TopicImage, image: ClusterImage): number {
    const known = this.#byTopic.get(topic);
    if (known !== undefined) return known;
    const hash = new Hash();
    hash.text(topic.name);
    hash.text(topic.topicId);
    hash.number(topic.partitions.length);
    for (const { replicas } of topic.partitions) {
      const racks = replicas.map((brokerId) => image.brokers.get(brokerId)?.rack ?? '').sort();
      for (const rack of racks) hash.text(rack);
    }
    const value = hash.value();
    this.#byTopic.set(topic, value);
    return value;
  }
}
