import type { Spec } from './field.ts';

const NO_ELEMENTS: readonly unknown[] = Object.freeze([]);

/** What a field holds where nothing was said: its default, or a struct of its fields' defaults. Shared, and therefore frozen. */
export function defaultOf(spec: Spec): unknown {
  if (spec.kind === 'array' && spec.default !== null) return NO_ELEMENTS;
  if (spec.kind !== 'struct' || spec.default !== undefined) return spec.default;
  return Object.freeze(Object.fromEntries((spec.fields ?? []).map(([name, field]) => [name, defaultOf(field)])));
}

/** Whether an encoder's value says no more than the field's default does. */
export function isDefault(spec: Spec, value: unknown): boolean {
  if (value === undefined) return true;
  if (value === null) return spec.default === null;
  if (spec.default === null) return false;
  if (spec.kind === 'array') return Array.isArray(value) && value.length === 0;
  if (spec.kind === 'bytes' || spec.kind === 'records')
    return value instanceof Uint8Array
      ? value.length === 0
      : typeof value === 'object' && 'sizeBytes' in value && value.sizeBytes === 0;
  if (spec.kind === 'struct') {
    const fields: Readonly<Record<string, unknown>> = { ...(value as object) };
    return (spec.fields ?? []).every(([name, field]) => isDefault(field, fields[name]));
  }
  return value === spec.default;
}
