import type { AnyApi } from '@ks/protocol';

/** Calls `found` with every error code in a response, 0 too. */
export type ErrorCodeVisitor = (response: unknown, found: (errorCode: number) => void) => void;

/** A field of a schema, as far as it matters here. */
interface FieldSpec {
  readonly kind: string;
  readonly element?: FieldSpec;
  readonly fields?: readonly (readonly [name: string, spec: FieldSpec])[];
}

type Fields = Readonly<Record<string, unknown>>;

/** What finds the error codes in responses of `api`, wherever its schema has them. */
export function errorCodeVisitor(api: AnyApi): ErrorCodeVisitor {
  return visitorOf(api.response.spec) ?? (() => undefined);
}

function visitorOf(spec: FieldSpec): ErrorCodeVisitor | undefined {
  const parts = (spec.fields ?? []).flatMap(([name, field]) => partOf(name, field) ?? []);
  if (parts.length === 0) return undefined;
  return (response, found) => {
    for (const part of parts) part(response, found);
  };
}

function partOf(name: string, spec: FieldSpec): ErrorCodeVisitor | undefined {
  if (name === 'errorCode' && spec.kind === 'int16') {
    return (response, found) => {
      const code = (response as Fields)[name];
      // What the handler left out is the default: none.
      found(typeof code === 'number' ? code : 0);
    };
  }
  if (spec.kind !== 'array' || spec.element?.kind !== 'struct') return undefined;
  const visit = visitorOf(spec.element);
  if (visit === undefined) return undefined;
  return (response, found) => {
    const elements = (response as Fields)[name];
    if (Array.isArray(elements)) for (const element of elements) visit(element, found);
  };
}
