import { isObject, type Json } from './registry-calls.ts';
import type {
  Compatibility,
  CompatibilityLevel,
  RegisteredSchema,
  Schema,
  SchemaReference,
  SchemaType,
} from './schema.ts';
import { SchemaRegistryError } from './schema-registry-error.ts';

// What a registry's answers must look like. Anything else is a SchemaRegistryError, not an undefined somewhere later.

const types: readonly SchemaType[] = ['AVRO', 'PROTOBUF', 'JSON'];

/** The body of a request that says a schema. Registries before 5.5 know Avro alone, and no schemaType. */
export function schemaBody({ type, text, references }: Schema): Json {
  return {
    schema: text,
    ...(type !== 'AVRO' && { schemaType: type }),
    ...(references.length > 0 && { references }),
  };
}

export function idOf(answer: Json): number {
  return wholeNumber(fieldsOf(answer), 'id');
}

export function schemaOf(answer: Json): Schema {
  const fields = fieldsOf(answer);
  const type = fields['schemaType'] ?? 'AVRO';
  const known = types.find((one) => one === type);
  if (known === undefined) throw unexpected(`schemaType ${String(type)}, which this client does not know`);
  const references = fields['references'] ?? [];
  if (!Array.isArray(references)) throw unexpected('references that are no list');
  return { type: known, text: text(fields, 'schema'), references: references.map(referenceOf) };
}

export function registeredOf(answer: Json): RegisteredSchema {
  return { ...schemaOf(answer), id: idOf(answer) };
}

export function subjectVersionOf(answer: Json) {
  const fields = fieldsOf(answer);
  return { ...registeredOf(answer), subject: text(fields, 'subject'), version: wholeNumber(fields, 'version') };
}

export function namesOf(answer: Json): string[] {
  if (Array.isArray(answer) && answer.every((one) => typeof one === 'string')) return answer;
  throw unexpected('no list of names');
}

export function numbersOf(answer: Json): number[] {
  if (Array.isArray(answer) && answer.every((one) => typeof one === 'number')) return answer;
  throw unexpected('no list of versions');
}

export function compatibilityOf(answer: Json): Compatibility {
  const { is_compatible: isCompatible, messages } = fieldsOf(answer);
  if (typeof isCompatible !== 'boolean') throw unexpected('no is_compatible');
  const said = Array.isArray(messages) ? messages.filter((one) => typeof one === 'string') : [];
  return { isCompatible, messages: said };
}

const levels: readonly CompatibilityLevel[] = [
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
  'NONE',
];

export function levelOf(answer: Json): CompatibilityLevel {
  const fields = fieldsOf(answer);
  const said = fields['compatibilityLevel'] ?? fields['compatibility'];
  const level = levels.find((one) => one === said);
  if (level === undefined) throw unexpected(`compatibility level ${String(said)}`);
  return level;
}

function referenceOf(answer: Json): SchemaReference {
  const fields = fieldsOf(answer);
  return { name: text(fields, 'name'), subject: text(fields, 'subject'), version: wholeNumber(fields, 'version') };
}

function fieldsOf(answer: Json): Record<string, unknown> {
  if (isObject(answer)) return answer;
  throw unexpected('no object');
}

function text(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw unexpected(`no ${name}`);
}

/** Ids and versions are positive and travel as int32. */
function wholeNumber(fields: Record<string, unknown>, name: string): number {
  const value = fields[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0x7fff_ffff) return value;
  throw unexpected(`no ${name} that could be one`);
}

function unexpected(what: string): SchemaRegistryError {
  return new SchemaRegistryError(`the schema registry's answer has ${what}`, { retriable: false });
}
