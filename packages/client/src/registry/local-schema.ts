import type { SchemaRegistry } from './schema-registry.ts';
import type { RegisteredSchema, Schema, SchemaReference, SchemaType } from './schema.ts';

/** A schema that the program brings along, and what it refers to. */
export interface LocalSchema {
  readonly type: SchemaType;
  readonly text: string;
  readonly references: readonly LocalReference[];
}

export interface LocalReference {
  /** As the text names it. */
  readonly name: string;
  /** Where it is, or shall be, registered. */
  readonly subject: string;
  readonly schema: LocalSchema;
}

/** Whether a schema that is to be written with is registered at its first use, or must be there already. */
export type Registration = 'register' | 'lookUp';

export interface RegistrationOptions {
  readonly registration: Registration;
  readonly normalize: boolean;
}

/** The id of a schema under a subject: what it refers to comes first. */
export async function settleSchema(
  registry: SchemaRegistry,
  subject: string,
  local: LocalSchema,
  options: RegistrationOptions,
): Promise<number> {
  const schema = await withReferences(registry, local, options);
  const { normalize } = options;
  if (options.registration === 'register') return registry.register(subject, schema, { normalize });
  return (await registry.lookUp(subject, schema, { normalize })).id;
}

async function withReferences(
  registry: SchemaRegistry,
  { type, text, references }: LocalSchema,
  options: RegistrationOptions,
): Promise<Schema> {
  const settled: SchemaReference[] = [];
  // One after the other: several may refer to the same, which is then there.
  for (const { name, subject, schema } of references) {
    const referred = await withReferences(registry, schema, options);
    const { normalize } = options;
    if (options.registration === 'register') await registry.register(subject, referred, { normalize });
    const { version } = await registry.lookUp(subject, referred, { normalize });
    settled.push({ name, subject, version });
  }
  return { type, text, references: settled };
}

/** What a chain of references may come to: more is a circle, or an attack. */
const REFERENCES_MAX = 1000;

/** Everything that a registered schema refers to, and what that refers to, each before what needs it. */
export async function referredSchemas(
  registry: SchemaRegistry,
  schema: RegisteredSchema,
): Promise<readonly { readonly name: string; readonly schema: Schema }[]> {
  const found: { readonly name: string; readonly schema: Schema }[] = [];
  const seen = new Set<string>();
  const visit = async ({ references }: Schema): Promise<void> => {
    for (const { name, subject, version } of references) {
      const key = `${version} ${subject}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > REFERENCES_MAX)
        throw new RangeError(`schema ${schema.id} refers to more than ${REFERENCES_MAX} others`);
      const referred = await registry.version(subject, version);
      await visit(referred);
      found.push({ name, schema: referred });
    }
  };
  await visit(schema);
  return found;
}
