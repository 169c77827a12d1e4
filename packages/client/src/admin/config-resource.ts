/** Resource types as configurations number them. */
export const configResourceTypes = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const;
export type ConfigResourceType = keyof typeof configResourceTypes;

/** What has configurations of its own. */
export interface ConfigResourceName {
  readonly type: ConfigResourceType;
  /** A topic's name, a broker's id (empty for what all brokers share), a group, a client metrics subscription. */
  readonly name: string;
}

const names = new Map(
  Object.entries(configResourceTypes).map(([name, id]) => [id as number, name as ConfigResourceType]),
);

export function configResourceType(id: number): ConfigResourceType | undefined {
  return names.get(id);
}

/** The broker that a resource belongs to, which alone knows it; undefined for what any broker can answer. */
export function brokerOf({ type, name }: ConfigResourceName): number | undefined {
  return (type === 'broker' || type === 'brokerLogger') && name !== '' ? Number(name) : undefined;
}

export function labelOf({ type, name }: ConfigResourceName): string {
  return `${type} ${name}`;
}
