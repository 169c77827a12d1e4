import { defaultOf } from './default-value.ts';
import { inVersion, isNullable, isTagged, type Spec } from './field.ts';
import { arrayLengthMethod, methodName } from './method-name.ts';
import { minimumSize } from './minimum-size.ts';

/** Source text of a function body that reads a message from `r`. Constants that have no literal are put into `constants` as `k`. */
export function emitDecode(spec: Spec, version: number, flexible: boolean, constants: unknown[]): string {
  const lines: string[] = [];
  let locals = 0;

  const constant = (value: unknown): string => {
    if (Array.isArray(value) && value.length === 0) return '[]';
    if (value === null || typeof value !== 'object')
      return typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);
    return `k[${constants.push(value) - 1}]`;
  };

  const structure = (of: Spec): string => {
    const entries: string[] = [];
    const tags: (readonly [string, Spec])[] = [];
    for (const [name, field] of of.fields ?? []) {
      if (!inVersion(field, version)) {
        entries.push(`${name}: ${constant(defaultOf(field))}`);
        continue;
      }
      const local = `${name}${locals++}`;
      entries.push(`${name}: ${local}`);
      if (isTagged(field, version)) {
        lines.push(`let ${local} = ${constant(defaultOf(field))}`);
        tags.push([local, field]);
      } else lines.push(`const ${local} = ${value(field)}`);
    }
    if (flexible) tagSection(tags);
    return `{ ${entries.join(', ')} }`;
  };

  const tagSection = (tags: readonly (readonly [string, Spec])[]): void => {
    if (tags.length === 0) {
      lines.push('r.skipTags()');
      return;
    }
    const id = locals++;
    lines.push(
      `for (let n${id} = r.tagCount(); n${id} > 0; n${id}--) {`,
      `const tag${id} = r.uvarint(), outer${id} = r.beginTag()`,
      `switch (tag${id}) {`,
    );
    for (const [local, field] of tags) {
      lines.push(`case ${field.tag}: {`);
      const read = value(field);
      lines.push(`${local} = ${read}`, 'break', '}');
    }
    lines.push('}', `r.endTag(outer${id})`, '}');
  };

  const value = (of: Spec): string => {
    if (of.kind === 'struct') return isNullable(of, version) ? nullableStructure(of) : structure(of);
    if (of.kind === 'array' && of.element !== undefined) return arrayOf(of, of.element);
    return `r.${methodName(of, version, flexible)}()`;
  };

  const nullableStructure = (of: Spec): string => {
    const local = `s${locals++}`;
    lines.push(`let ${local} = null`, 'if (r.int8() >= 0) {');
    const read = structure(of);
    lines.push(`${local} = ${read}`, '}');
    return local;
  };

  const arrayOf = (of: Spec, element: Spec): string => {
    const id = locals++;
    const nullable = isNullable(of, version);
    lines.push(
      `const n${id} = r.${arrayLengthMethod(of, version, flexible)}(${Math.max(1, minimumSize(element, version, flexible))})`,
    );
    lines.push(nullable ? `let a${id} = null` : `const a${id} = []`);
    if (nullable) lines.push(`if (n${id} >= 0) {`, `a${id} = []`);
    lines.push(`for (let i${id} = 0; i${id} < n${id}; i${id}++) {`);
    const read = value(element);
    lines.push(`a${id}.push(${read})`, '}');
    if (nullable) lines.push('}');
    return `a${id}`;
  };

  const result = structure(spec);
  lines.push(`return ${result}`);
  return lines.join('\n');
}
