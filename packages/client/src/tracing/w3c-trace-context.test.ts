import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spanContextOf, traceHeaders } from './w3c-trace-context.ts';

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('headers are as the recommendation has them', () => {
  const span = spanContextOf(parent, 'congo=t61rcWkgMzE,rojo=00f067');
  expect(span).toMatchObject({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
    isRemote: true,
  });
  expect(span === undefined ? [] : traceHeaders(span)).toEqual([
    { key: 'traceparent', value: parent },
    { key: 'tracestate', value: 'congo=t61rcWkgMzE,rojo=00f067' },
  ]);
});

test('any span comes back as it went', () => {
  const hex = (length: number) =>
    fc
      .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
      .map((digits) => digits.join(''))
      .filter((id) => !/^0+$/.test(id));
  fc.assert(
    fc.property(hex(32), hex(16), fc.nat(1), (traceId, spanId, traceFlags) => {
      const [header] = traceHeaders({ traceId, spanId, traceFlags });
      expect(spanContextOf(header?.value, undefined)).toEqual({ traceId, spanId, traceFlags, isRemote: true });
    }),
  );
});

test('what names no span is none', () => {
  for (const given of [
    undefined,
    '',
    'nonsense',
    parent.slice(1),
    parent.toUpperCase(),
    parent.replace(/^00/, 'ff'),
    `${parent}-more`,
    parent.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
    parent.replace('b7ad6b7169203331', '0'.repeat(16)),
  ]) {
    expect(spanContextOf(given, undefined), given).toBe(undefined);
  }
  // A later version may have more to say.
  expect(spanContextOf(`${parent.replace(/^00/, '01')}-more`, 'x'.repeat(600))).toMatchObject({ traceFlags: 1 });
});
