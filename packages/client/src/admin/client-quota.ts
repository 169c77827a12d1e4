/** What quotas are for. `null` is the default of a kind: whoever has no quota of its own. */
export interface QuotaEntity {
  readonly user?: string | null | undefined;
  readonly clientId?: string | null | undefined;
  readonly ip?: string | null | undefined;
}

/** Kinds of entities as requests name them. */
export const quotaEntityTypes = { user: 'user', clientId: 'client-id', ip: 'ip' } as const;
export type QuotaEntityKind = keyof typeof quotaEntityTypes;
export const quotaEntityKinds = Object.keys(quotaEntityTypes) as readonly QuotaEntityKind[];

/** Quotas by their names: `producer_byte_rate`, `consumer_byte_rate`, `request_percentage`, `controller_mutation_rate`, `connection_creation_rate`. */
export type QuotaValues = Readonly<Record<string, number>>;

interface EntityPart {
  readonly entityType: string;
  readonly entityName: string | null;
}

export function entityParts(entity: QuotaEntity): EntityPart[] {
  return quotaEntityKinds.flatMap((kind) => {
    const entityName = entity[kind];
    return entityName === undefined ? [] : [{ entityType: quotaEntityTypes[kind], entityName }];
  });
}

export function entityOf(parts: readonly EntityPart[]): QuotaEntity {
  const nameOf = (kind: QuotaEntityKind) =>
    parts.find(({ entityType }) => entityType === quotaEntityTypes[kind])?.entityName;
  return Object.fromEntries(
    quotaEntityKinds.flatMap((kind) => (nameOf(kind) === undefined ? [] : [[kind, nameOf(kind)]])),
  );
}

/** How an entity is called in reports. */
export function entityLabel(entity: QuotaEntity): string {
  return entityParts(entity)
    .map(({ entityType, entityName }) => `${entityType} ${entityName ?? '(default)'}`)
    .join(', ');
}
