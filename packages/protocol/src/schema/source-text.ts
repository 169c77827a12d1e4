import { defaultOf } from './default-value.ts';
import { isNullable, type Spec } from './field.ts';

/** Lines of a function body that is being emitted, the names it has used, and the constants that have no literal. */
export class SourceText {
  readonly lines: string[] = [];
  /** What the emitted code knows as the array `k`. */
  readonly constants: unknown[];
  #names = 0;

  constructor(constants: unknown[]) {
    this.constants = constants;
  }

  add(...lines: readonly string[]): void {
    this.lines.push(...lines);
  }

  /** A name that nothing else has. */
  name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  /** An expression for any value. */
  constant(value: unknown): string {
    if (typeof value === 'bigint') return `${value}n`;
    if (value === null || typeof value !== 'object') return JSON.stringify(value);
    const known = this.constants.indexOf(value);
    return `k[${known >= 0 ? known : this.constants.push(value) - 1}]`;
  }

  /** An expression for what a field holds where nothing was said. */
  defaultOf(spec: Spec): string {
    return this.constant(defaultOf(spec));
  }

  /** A condition: `value` says no more than the field's default does. The quick form of `isDefault`. */
  isDefault(spec: Spec, value: string): string {
    if (spec.default === null) return `(${value} === undefined || ${value} === null)`;
    if (spec.kind === 'array') {
      const present = isNullable(spec, spec.nullableSince) ? `${value} !== null && ` : '';
      return `(${value} === undefined || ${present}${value}.length === 0)`;
    }
    if (spec.kind === 'struct') {
      const fields = (spec.fields ?? []).map(([name, field]) => this.isDefault(field, `${value}.${name}`));
      return `(${value} === undefined || ${['true', ...fields].join(' && ')})`;
    }
    if (spec.kind === 'bytes' || spec.kind === 'records') return `isDefault(${this.constant(spec)}, ${value})`;
    return `(${value} === undefined || ${value} === ${this.constant(spec.default)})`;
  }
}
