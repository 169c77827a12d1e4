import { DescribeConfigs, IncrementalAlterConfigs } from '@ks/protocol';
import type { Wire } from '../transaction-rules/wire.ts';
import { once, words } from './scenario.ts';

export const types = { topic: 2, broker: 4, logger: 8, metrics: 16, group: 32, other: 7 } as const;
type Kind = keyof typeof types;
/** What begins with `+` is appended, with `-` subtracted; undefined deletes, null is sent as such. */
export type Changes = Readonly<Record<string, string | null | undefined>>;

function operationOf(value: string | null | undefined): { configOperation: number; value: string | null } {
  if (value === undefined) return { configOperation: 1, value: null };
  if (value?.startsWith('+')) return { configOperation: 2, value: value.slice(1) };
  if (value?.startsWith('-') && value !== '-1' && value !== '-2') return { configOperation: 3, value: value.slice(1) };
  return { configOperation: 0, value };
}

/** Asks for configs and changes them, and tells in words what was answered. */
export class Configs {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  async alter(kind: Kind, name: string, changes: Changes, validateOnly = false): Promise<string> {
    const configs = Object.entries(changes).map(([key, value]) => ({ name: key, ...operationOf(value) }));
    const resources = [{ resourceType: types[kind], resourceName: name, configs }];
    const { responses } = await this.#wire.ask(IncrementalAlterConfigs, 1, { resources, validateOnly });
    return responses.map(({ errorCode }) => words(errorCode)).join('+');
  }

  /** Its value with all it could come from, once `value` is in force. */
  async shown(kind: Kind, name: string, key: string, value?: string): Promise<string> {
    const resources = [{ resourceType: types[kind], resourceName: name, configurationKeys: [key] }];
    const ask = () =>
      this.#wire.ask(DescribeConfigs, 4, { resources, includeSynonyms: true, includeDocumentation: false });
    const configOf = (answer: Awaited<ReturnType<typeof ask>>) => answer.results[0]?.configs[0];
    const answer = await once(ask, (each) => value === undefined || configOf(each)?.value === value);
    const config = configOf(answer);
    if (config === undefined) return words(answer.results[0]?.errorCode);
    const synonyms = config.synonyms.map((each) => `${each.name}=${each.value} ${each.source}`);
    return [
      `${config.value} ${config.configSource} ${config.readOnly ? 'fixed' : 'open'} ${config.configType}`,
      ...synonyms,
    ].join(', ');
  }

  /** Every key of a resource with its default, type and whether it can be changed. */
  async all(kind: Kind, name: string, skip: readonly string[] = []): Promise<readonly string[]> {
    const resources = [{ resourceType: types[kind], resourceName: name, configurationKeys: null }];
    const answer = await this.#wire.ask(DescribeConfigs, 4, {
      resources,
      includeSynonyms: true,
      includeDocumentation: true,
    });
    return (answer.results[0]?.configs ?? [])
      .filter((config) => !skip.includes(config.name))
      .map((config) => {
        const synonyms = config.synonyms.map((each) => `${each.name}=${each.value} ${each.source}`).join(', ');
        const documented = config.documentation ? 'documented' : 'undocumented';
        return `${config.name}=${config.value} type ${config.configType} ${config.readOnly ? 'fixed' : 'open'} ${documented} (${synonyms})`;
      })
      .sort();
  }
}
