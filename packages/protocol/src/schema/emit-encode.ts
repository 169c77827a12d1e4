import { inVersion, isNullable, isTagged, NEVER, type Spec } from './field.ts';
import { methodName } from './method-name.ts';
import { SourceText } from './source-text.ts';

/** Source text of a function body that writes the message `v` to `w`. */
export function emitEncode(spec: Spec, version: number, flexible: boolean, constants: unknown[]): string {
  const out = new SourceText(constants);

  const structure = (of: Spec, value: string): void => {
    const tagged: Tagged[] = [];
    for (const [name, field] of of.fields ?? []) {
      const from = `${value}.${name}`;
      if (!inVersion(field, version)) {
        if (field.ignorable) continue;
        out.add(`if (!${out.isDefault(field, from)}) refuseToDrop(${JSON.stringify(name)})`);
      } else if (isTagged(field, version)) tagged.push({ field, local: out.name('t'), from, present: out.name('p') });
      else {
        const local = out.name('f');
        out.add(`let ${local} = ${from}`, `if (${local} === undefined) ${local} = ${out.defaultOf(field)}`);
        one(field, local);
      }
    }
    if (flexible) tagSection(tagged);
  };

  /** Fields at their defaults are left out; the others go in the order of their tags. */
  const tagSection = (tagged: readonly Tagged[]): void => {
    const ordered = [...tagged].sort((a, b) => a.field.tag - b.field.tag);
    for (const { field, local, from, present } of ordered)
      out.add(`const ${local} = ${from}`, `const ${present} = !${out.isDefault(field, local)}`);
    out.add(`w.uvarint(${ordered.map(({ present }) => `(${present} ? 1 : 0)`).join(' + ') || '0'})`);
    for (const { field, local, present } of ordered) {
      const begin = out.name('b');
      out.add(`if (${present}) {`, `const ${begin} = w.beginTagged(${field.tag})`);
      one(field, local);
      out.add(`w.endTagged(${begin})`, '}');
    }
  };

  const one = (of: Spec, value: string): void => {
    const nullable = isNullable(of, version);
    // Only a field that is nullable in some version can hold null as far as its type goes.
    if (!nullable && of.nullableSince !== NEVER) out.add(`if (${value} === null) refuseNull()`);
    if (of.kind === 'array' && of.element !== undefined) arrayOf(of, of.element, value);
    else if (of.kind !== 'struct') out.add(`w.${methodName(of, version, flexible)}(${value})`);
    else if (!nullable) structure(of, value);
    else {
      const mark = isTagged(of, version)
        ? `w.uvarint(${value} === null ? 0 : 1)`
        : `w.int8(${value} === null ? -1 : 1)`;
      out.add(mark, `if (${value} !== null) {`);
      structure(of, value);
      out.add('}');
    }
  };

  const arrayOf = (of: Spec, element: Spec, value: string): void => {
    const index = out.name('i');
    const item = out.name('e');
    const length = flexible ? 'compactArrayLength' : 'arrayLength';
    const nullable = isNullable(of, version);
    if (nullable) out.add(`if (${value} === null) w.${length}(-1)`, 'else {');
    out.add(`w.${length}(${value}.length)`, `for (let ${index} = 0; ${index} < ${value}.length; ${index}++) {`);
    out.add(`const ${item} = ${value}[${index}]`);
    one(element, item);
    out.add('}');
    if (nullable) out.add('}');
  };

  structure(spec, 'v');
  return out.lines.join('\n');
}

/** A field of the tagged section: where its value comes from, and the names of what the emitted code holds of it. */
interface Tagged {
  readonly field: Spec;
  readonly from: string;
  readonly local: string;
  readonly present: string;
}
