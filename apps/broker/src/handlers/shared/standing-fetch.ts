import type { Fetch, RequestOf } from '@ks/protocol';
import { partitionKey } from '../../core/fetch-session/position.ts';
import type { IncrementalFetch } from '../../core/fetch-session/session-cache.ts';
import { releaseFetch } from '../../runtime/fetch-target.ts';
import type { FetchPartition, FetchResult, PartitionKey, StandingReader } from '../../runtime/replica-manager.ts';
import type { BrokerServices } from '../broker-services.ts';
import type { RequestContext } from '../handler.ts';
import { admitted, limitsOf, merged, replicaIdOf, type Session, TOPIC_IDS_SINCE } from './fetch-reading.ts';

type FetchRequest = RequestOf<typeof Fetch>;

/** Whether it is a follower's, whose partitions are very many and mostly silent. */
export function isStanding(
  session: Session,
  request: FetchRequest,
  { apiVersion }: RequestContext,
): session is IncrementalFetch {
  const isFollower = apiVersion >= TOPIC_IDS_SINCE && replicaIdOf(request, apiVersion) >= 0;
  return session.type === 'incremental' && isFollower && request.minBytes <= 1;
}

/** A follower's request within its session. */
export class StandingFetch implements StandingReader {
  /** As it was read last. */
  session: IncrementalFetch;
  readonly #broker: BrokerServices;
  readonly #request: FetchRequest;
  readonly #context: RequestContext;
  #isFirst = true;
  #refusals: readonly (FetchResult | undefined)[] = [];

  constructor(broker: BrokerServices, request: FetchRequest, context: RequestContext, session: IncrementalFetch) {
    this.session = session;
    this.#broker = broker;
    this.#request = request;
    this.#context = context;
  }

  async read(): Promise<readonly FetchResult[]> {
    const limits = limitsOf(this.#request, this.#context, true);
    const read = await this.#broker.replicas.fetchStanding(limits, this);
    if (!this.#context.signal.aborted) return merged(this.#refusals, read);
    // Nobody is there to be told, and what was read is let go of.
    releaseFetch(read);
    this.#nothing();
    return [];
  }

  due(): { readonly partitions: readonly FetchPartition[]; readonly isUrgent: boolean } | undefined {
    if (!this.#isFirst) {
      const again = this.#broker.fetchSessions.again(this.session, this.#broker.clock.monotonicMs());
      // It is told that it was overtaken, and nothing else.
      if (again === undefined) return this.#nothing();
      this.session = again;
    }
    this.#isFirst = false;
    const { refusals, partitions } = admitted(this.#broker.replicas, this.#request, this.#context, this.session);
    this.#refusals = refusals;
    return { partitions, isUrgent: partitions.length < refusals.length };
  }

  #nothing(): undefined {
    this.session = { ...this.session, positions: [] };
    this.#refusals = [];
  }

  hasTurned(): boolean {
    return this.session.session.hasTurned(this.#broker.clock.monotonicMs());
  }

  positionOf({ topic, topicId, partitionIndex }: PartitionKey): FetchPartition | undefined {
    const position = this.session.session.positionOf(partitionKey({ topic: '', topicId, partitionIndex }));
    return position === undefined ? undefined : { ...position, topic };
  }
}
