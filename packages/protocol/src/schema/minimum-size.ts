import { inVersion, isNullable, isTagged, type Kind, type Spec } from './field.ts';

const fixed: Readonly<Partial<Record<Kind, number>>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  int64Exact: 8,
  float64: 8,
  uuid: 16,
};

/** The fewest bytes that a field can take: with it the reader bounds an array's length by the bytes that are left. */
function minimumSize(spec: Spec, version: number, flexible: boolean): number {
  const size = fixed[spec.kind];
  if (size !== undefined) return size;
  if (spec.kind === 'struct') {
    if (isNullable(spec, version)) return 1;
    const body = (spec.fields ?? []).filter(([, field]) => inVersion(field, version) && !isTagged(field, version));
    return body.reduce((sum, [, field]) => sum + minimumSize(field, version, flexible), flexible ? 1 : 0);
  }
  if (flexible && !spec.inflexible) return 1;
  return spec.kind === 'string' ? 2 : 4;
}

/** The fewest bytes that one element of an array takes, and never zero: an array of nothing is as long as its claim. */
export function elementBytesMin(element: Spec, version: number, flexible: boolean): number {
  return Math.max(1, minimumSize(element, version, flexible));
}
