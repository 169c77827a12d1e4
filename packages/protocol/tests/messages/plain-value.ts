import type { Spec } from '../../src/schema/field.ts';

/** Kafka's field name as ours. */
export const camel = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** A decoded value with its bytes as hexadecimal text. */
export function plain(value: unknown, spec: Spec, version: number): unknown {
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map((one) => plain(one, spec.element ?? spec, version));
  if (typeof value === 'object' && value !== null) {
    const fields: Readonly<Record<string, unknown>> = { ...value };
    return Object.fromEntries((spec.fields ?? []).map(([name, field]) => [name, plain(fields[name], field, version)]));
  }
  return value;
}
