import { INITIAL_CAPACITY_MAX } from '../wire/reader.ts';
import { inVersion, isNullable, isTagged, type Spec } from './field.ts';
import { arrayLengthMethod, methodName } from './method-name.ts';
import { elementBytesMin } from './minimum-size.ts';
import { SourceText } from './source-text.ts';

/** Source text of a function body that reads a message from `r`. */
export function emitDecode(spec: Spec, version: number, flexible: boolean, constants: unknown[]): string {
  const out = new SourceText(constants);

  const structure = (of: Spec): string => {
    const entries: string[] = [];
    const tagged: (readonly [local: string, field: Spec])[] = [];
    for (const [name, field] of of.fields ?? []) {
      if (!inVersion(field, version)) {
        entries.push(`${name}: ${out.defaultOf(field)}`);
        continue;
      }
      const local = out.name('f');
      entries.push(`${name}: ${local}`);
      if (isTagged(field, version)) {
        out.add(`let ${local} = ${out.defaultOf(field)}`);
        tagged.push([local, field]);
      } else out.add(`const ${local} = ${one(field)}`);
    }
    if (flexible) tagSection(tagged);
    return `{ ${entries.join(', ')} }`;
  };

  const tagSection = (tagged: readonly (readonly [string, Spec])[]): void => {
    if (tagged.length === 0) {
      out.add('r.skipTags()');
      return;
    }
    const count = out.name('n');
    const outer = out.name('o');
    out.add(`for (let ${count} = r.tagCount(); ${count} > 0; ${count}--) {`);
    out.add(`const tag = r.uvarint(), ${outer} = r.beginTag()`, 'switch (tag) {');
    for (const [local, field] of tagged) {
      out.add(`case ${field.tag}: {`);
      const value = one(field);
      out.add(`${local} = ${value}`, 'break', '}');
    }
    out.add('}', `r.endTag(${outer})`, '}');
  };

  const one = (of: Spec): string => {
    if (of.kind === 'struct') return isNullable(of, version) ? nullableStructure(of) : structure(of);
    if (of.kind === 'array' && of.element !== undefined) return arrayOf(of, of.element);
    return `r.${methodName(of, version, flexible)}()`;
  };

  const nullableStructure = (of: Spec): string => {
    const local = out.name('s');
    // Kafka marks a struct as null in two ways: by a byte below 0, and by a varint of 0 in a tagged field.
    const isThere = isTagged(of, version) ? 'r.uvarint() > 0' : 'r.int8() >= 0';
    out.add(`let ${local} = null`, `if (${isThere}) {`);
    const value = structure(of);
    out.add(`${local} = ${value}`, '}');
    return local;
  };

  const arrayOf = (of: Spec, element: Spec): string => {
    const length = out.name('n');
    const local = out.name('a');
    const index = out.name('i');
    const nullable = isNullable(of, version);
    const elementBytes = elementBytesMin(element, version, flexible);
    // The length is a claim until the elements were read: room is made for no more than Kafka makes.
    const room = `new Array(${length} > ${INITIAL_CAPACITY_MAX} ? ${INITIAL_CAPACITY_MAX} : ${length})`;
    out.add(`const ${length} = r.${arrayLengthMethod(of, version, flexible)}(${elementBytes})`);
    out.add(nullable ? `const ${local} = ${length} < 0 ? null : ${room}` : `const ${local} = ${room}`);
    out.add(`for (let ${index} = 0; ${index} < ${length}; ${index}++) {`);
    const value = one(element);
    out.add(`${local}[${index}] = ${value}`, '}');
    return local;
  };

  const result = structure(spec);
  out.add(`return ${result}`);
  return out.lines.join('\n');
}
