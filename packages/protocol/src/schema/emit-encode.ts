import { defaultOf } from './default-value.ts';
import { inVersion, isNullable, isTagged, type Spec } from './field.ts';
import { methodName } from './method-name.ts';

/** Source text of a function body that writes the message `v` to `w`. `drop(spec, name, value)` judges fields that the version lacks. */
export function emitEncode(spec: Spec, version: number, flexible: boolean, constants: unknown[]): string {
  const lines: string[] = [];
  let locals = 0;
  const keep = (value: unknown): string => `k[${constants.push(value) - 1}]`;
  const constant = (value: unknown): string => {
    if (value === null || typeof value !== 'object')
      return typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);
    return keep(value);
  };

  const structure = (of: Spec, value: string): void => {
    const tags: (readonly [string, Spec])[] = [];
    for (const [name, field] of of.fields ?? []) {
      if (!inVersion(field, version)) {
        if (!field.ignorable)
          lines.push(
            `if (${value}.${name} !== undefined) drop(${keep(field)}, ${JSON.stringify(name)}, ${value}.${name})`,
          );
        continue;
      }
      const local = `f${locals++}`;
      lines.push(
        `let ${local} = ${value}.${name}`,
        `if (${local} === undefined) ${local} = ${constant(defaultOf(field))}`,
      );
      if (isTagged(field, version)) tags.push([local, field]);
      else one(field, local);
    }
    if (flexible) tagSection(tags);
  };

  const tagSection = (tags: readonly (readonly [string, Spec])[]): void => {
    if (tags.length === 0) {
      lines.push('w.uint8(0)');
      return;
    }
    const ordered = [...tags].sort(([, a], [, b]) => a.tag - b.tag);
    const present = ordered.map(([local, field]) => {
      const flag = `p${locals++}`;
      lines.push(`const ${flag} = !isDefault(${keep(field)}, ${local})`);
      return flag;
    });
    lines.push(`w.uvarint(${present.map((flag) => `(${flag} ? 1 : 0)`).join(' + ')})`);
    ordered.forEach(([local, field], index) => {
      lines.push(`if (${present[index]}) w.tagged(${field.tag}, function (w) {`);
      one(field, local);
      lines.push('})');
    });
  };

  const one = (of: Spec, value: string): void => {
    if (of.kind === 'struct') {
      if (!isNullable(of, version)) return structure(of, value);
      lines.push(`w.int8(${value} === null ? -1 : 1)`, `if (${value} !== null) {`);
      structure(of, value);
      lines.push('}');
    } else if (of.kind === 'array' && of.element !== undefined) arrayOf(of, of.element, value);
    else if (isNullable(of, version) || !['string', 'bytes', 'records'].includes(of.kind))
      lines.push(`w.${methodName(of, version, flexible)}(${value})`);
    else lines.push(`if (${value} === null) refuseNull()`, `w.${methodName(of, version, flexible)}(${value})`);
  };

  const arrayOf = (of: Spec, element: Spec, value: string): void => {
    const id = locals++;
    const length = flexible ? 'compactArrayLength' : 'arrayLength';
    lines.push(
      isNullable(of, version)
        ? `if (${value} === null) w.${length}(-1); else {`
        : `if (${value} === null) refuseNull(); else {`,
    );
    lines.push(
      `w.${length}(${value}.length)`,
      `for (let i${id} = 0; i${id} < ${value}.length; i${id}++) {`,
      `const e${id} = ${value}[i${id}]`,
    );
    one(element, `e${id}`);
    lines.push('}', '}');
  };

  structure(spec, 'v');
  return lines.join('\n');
}
