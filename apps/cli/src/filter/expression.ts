import { FormatError } from '../format/format-error.ts';
import { type Token, tokensOf } from './tokens.ts';
import { type BinarySign, binary, callOf, isCallable, memberOf, type RecordScope, truthy } from './values.ts';

/** What an expression gives for a record. */
export type Expression = (scope: RecordScope) => unknown;

/** Names that an expression may begin with. */
const names: Readonly<Record<string, Expression>> = {
  topic: (scope) => scope.record.topic,
  partition: (scope) => scope.record.partition,
  offset: (scope) => scope.record.offset,
  ts: (scope) => scope.record.timestampMs,
  timestamp: (scope) => scope.record.timestampMs,
  key: (scope) => scope.key,
  value: (scope) => scope.value,
  headers: (scope) => scope.headers,
  now: (scope) => scope.nowMs,
  true: () => true,
  false: () => false,
  null: () => null,
};

/** From the loosest to the tightest. */
const levels: readonly (readonly BinarySign[])[] = [
  ['||'],
  ['&&'],
  ['==', '!=', '<', '<=', '>', '>=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];
const DEPTH_MAX = 200;

/**
 * Parses an expression like `value.status == "FAILED" && headers.tenant == "a" && ts > now - 1h`: a part of CEL. It is walked, never
 * evaluated as code. Throws `FormatError` with the place of what is wrong.
 */
export function parseExpression(text: string): Expression {
  const parser = new Parser(tokensOf(text), text.length);
  const expression = parser.level(0);
  parser.end();
  return expression;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], length: number) {
    this.#tokens = tokens;
    this.#length = length;
  }

  level(index: number): Expression {
    const signs = levels[index];
    if (signs === undefined) return this.#unary();
    let left = this.level(index + 1);
    for (;;) {
      const sign = signs.find((one) => this.#accepts(one));
      if (sign === undefined) return left;
      const [a, b] = [left, this.level(index + 1)];
      if (sign === '&&') left = (scope) => truthy(a(scope)) && truthy(b(scope));
      else if (sign === '||') left = (scope) => truthy(a(scope)) || truthy(b(scope));
      else left = (scope) => binary(sign, a(scope), b(scope));
    }
  }

  end(): void {
    const token = this.#tokens[this.#at];
    if (token !== undefined) throw new FormatError('--filter: something stands behind the expression', token.at);
  }

  #unary(): Expression {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw this.#wrong('is nested too deeply');
    try {
      if (this.#accepts('!')) {
        const inner = this.#unary();
        return (scope) => !truthy(inner(scope));
      }
      if (this.#accepts('-')) {
        const inner = this.#unary();
        return (scope) => binary('-', 0, inner(scope));
      }
      return this.#postfix();
    } finally {
      this.#depth -= 1;
    }
  }

  #postfix(): Expression {
    let of = this.#primary();
    for (;;) {
      const inner = of;
      if (this.#accepts('.')) {
        const token = this.#next();
        if (token?.type !== 'name') throw this.#wrong('wants a name behind "."');
        const { value: name } = token;
        if (this.#accepts('(')) of = this.#call(name, inner, token.at);
        else of = (scope) => memberOf(inner(scope), name);
      } else if (this.#accepts('[')) {
        const index = this.level(0);
        this.#require(']');
        of = (scope) => memberOf(inner(scope), index(scope));
      } else return of;
    }
  }

  #call(name: string, of: Expression, at: number): Expression {
    if (!isCallable(name)) throw new FormatError(`--filter: there is no ${name}()`, at);
    const given: Expression[] = [];
    while (!this.#accepts(')')) {
      if (given.length > 0) this.#require(',');
      given.push(this.level(0));
    }
    return (scope) =>
      callOf(
        name,
        of(scope),
        given.map((one) => one(scope)),
      );
  }

  #primary(): Expression {
    const token = this.#next();
    if (token === undefined) throw this.#wrong('ends too early');
    if (token.type === 'number' || token.type === 'text') return () => token.value;
    if (token.type === 'duration') return () => token.ms;
    if (token.type === 'sign') {
      if (token.value === '[') return this.#list();
      if (token.value !== '(') throw new FormatError(`--filter: ${token.value} stands in the wrong place`, token.at);
      const inner = this.level(0);
      this.#require(')');
      return inner;
    }
    if (token.value === 'size' && this.#accepts('(')) {
      const inner = this.level(0);
      this.#require(')');
      return (scope) => callOf('size', inner(scope), []);
    }
    const known = Object.hasOwn(names, token.value) ? names[token.value] : undefined;
    if (known !== undefined) return known;
    const some = 'topic, partition, offset, ts, key, value, headers, now';
    throw new FormatError(`--filter: ${token.value} is none of ${some}`, token.at);
  }

  #list(): Expression {
    const members: Expression[] = [];
    while (!this.#accepts(']')) {
      if (members.length > 0) this.#require(',');
      members.push(this.level(0));
    }
    return (scope) => members.map((member) => member(scope));
  }

  #accepts(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.type === 'number' || token.type === 'duration' || token.type === 'text')
      return false;
    if (token.value !== sign) return false;
    this.#at += 1;
    return true;
  }

  #require(sign: string): void {
    if (!this.#accepts(sign)) throw this.#wrong(`wants ${JSON.stringify(sign)} here`);
  }

  #next(): Token | undefined {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    return token;
  }

  #wrong(what: string): FormatError {
    return new FormatError(`--filter ${what}`, this.#tokens[this.#at]?.at ?? this.#length);
  }
}
