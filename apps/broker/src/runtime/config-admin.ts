import { ErrorCode } from '@ks/protocol';
import type { BrokerConfig } from '../config/broker-config.ts';
import { type ConfigChange, planConfigChange } from '../core/controller/config-changes.ts';
import { configTransaction } from '../core/controller/transactions.ts';
import { configKey } from '../core/metadata/image.ts';
import { configRules } from './config-rules.ts';
import { type ChangeServices, changeTopic } from './topic-admin-change.ts';
import type { AdminOptions } from './topic-admin.ts';

/** What became of one resource of a request. */
export interface ConfigChangeResult {
  /** A Kafka error code, 0 for none. */
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** Changes the configurations of topics, brokers, groups and client metrics. */
export interface ConfigAdmin {
  /**
   * One result per change, in order; a refused one does not stop the others. Each answer comes when the change is in force on this
   * broker. Changes of one resource are made one after the other. Never rejects.
   */
  alterConfigs(changes: readonly ConfigChange[], options: AdminOptions): Promise<readonly ConfigChangeResult[]>;
}

export interface ControllerConfigAdminOptions extends ChangeServices {
  readonly config: BrokerConfig;
}

/** The config admin of the broker that is the controller; on any other it answers NOT_CONTROLLER. */
export class ControllerConfigAdmin implements ConfigAdmin {
  readonly #options: ControllerConfigAdminOptions;
  /** The last change of each resource that has one under way. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(options: ControllerConfigAdminOptions) {
    this.#options = options;
  }

  alterConfigs(changes: readonly ConfigChange[], options: AdminOptions): Promise<readonly ConfigChangeResult[]> {
    return Promise.all(changes.map((change) => this.#inTurn(change, () => this.#alter(change, options))));
  }

  /** Two changes decided from one image would undo each other. */
  async #inTurn<T>({ type, name }: ConfigChange, work: () => Promise<T>): Promise<T> {
    const key = configKey(type, name);
    const before = this.#underWay.get(key);
    const turn = before === undefined ? work() : before.then(work);
    this.#underWay.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#underWay.get(key) === turn) this.#underWay.delete(key);
    }
  }

  async #alter(change: ConfigChange, options: AdminOptions): Promise<ConfigChangeResult> {
    const rules = configRules(this.#options.config);
    const { errorCode, errorMessage } = await changeTopic(this.#options, options, (image) => {
      const planned = planConfigChange(change, image, rules);
      if (planned.type === 'refused') return planned;
      return { type: 'write', topicId: '', transactions: [configTransaction(planned.plan, image)], extra: undefined };
    });
    return { errorCode, errorMessage: errorCode === ErrorCode.NONE ? null : errorMessage };
  }
}
