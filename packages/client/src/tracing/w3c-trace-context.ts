import { createTraceState, type SpanContext, TraceFlags } from '@opentelemetry/api';

// https://www.w3.org/TR/trace-context/: what traceparent and tracestate say.

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** What everyone must pass on; more is dropped. */
const STATE_CHARACTERS_MAX = 512;

/** The two headers of a span: `tracestate` only where there is any. */
export function traceHeaders({ traceId, spanId, traceFlags, traceState }: SpanContext) {
  const flags = (traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0');
  const parent = { key: 'traceparent', value: `00-${traceId}-${spanId}-${flags}` };
  const state = traceState?.serialize() ?? '';
  return state === '' ? [parent] : [parent, { key: 'tracestate', value: state }];
}

/** The span that the headers name; undefined where they name none. */
export function spanContextOf(parent: string | undefined, state: string | undefined): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', rest] = PARENT.exec(parent?.trim() ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  if (state === undefined || state === '' || state.length > STATE_CHARACTERS_MAX) return context;
  return { ...context, traceState: createTraceState(state) };
}
