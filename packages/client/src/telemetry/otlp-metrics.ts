import { ProtobufWriter } from './protobuf-writer.ts';

/** A value as telemetry carries it, with what it belongs to. */
export interface MetricPoint {
  readonly name: string;
  /** A sum grows for ever; a gauge is what something is at. */
  readonly kind: 'sum' | 'gauge';
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The time that a set of points is about, in milliseconds since the epoch. */
export interface MetricSpan {
  readonly startMs: number;
  readonly endMs: number;
  /** Whether sums count from `startMs` of this span, or from when the client began. */
  readonly isDelta: boolean;
}

const DELTA = 1;
const CUMULATIVE = 2;

/** OTLP's MetricsData: one resource, one scope, a metric for each name. */
export function encodeMetrics(points: readonly MetricPoint[], span: MetricSpan): Uint8Array {
  const byName = new Map<string, MetricPoint[]>();
  for (const point of points) {
    const known = byName.get(point.name);
    if (known === undefined) byName.set(point.name, [point]);
    else known.push(point);
  }
  const data = new ProtobufWriter();
  data.message(1, (resourceMetrics) =>
    resourceMetrics.message(2, (scopeMetrics) => {
      scopeMetrics.message(1, (scope) => {
        scope.text(1, 'ks-client');
        scope.text(2, '0.1.0');
      });
      for (const [name, some] of byName) scopeMetrics.message(2, (metric) => writeMetric(metric, name, some, span));
    }),
  );
  return data.finish();
}

function writeMetric(metric: ProtobufWriter, name: string, points: readonly MetricPoint[], span: MetricSpan): void {
  metric.text(1, name);
  const writePoints = (values: ProtobufWriter): void => {
    for (const point of points) values.message(1, (one) => writePoint(one, point, span));
  };
  if (points[0]?.kind === 'gauge') metric.message(5, writePoints);
  else
    metric.message(7, (sum) => {
      writePoints(sum);
      sum.uint(2, span.isDelta ? DELTA : CUMULATIVE);
      sum.uint(3, 1);
    });
}

function writePoint(point: ProtobufWriter, { value, attributes }: MetricPoint, { startMs, endMs }: MetricSpan): void {
  point.fixed64(2, nanoseconds(startMs));
  point.fixed64(3, nanoseconds(endMs));
  if (Number.isSafeInteger(value)) point.fixed64(6, BigInt(value));
  else point.double(4, value);
  for (const [key, text] of Object.entries(attributes)) {
    point.message(7, (attribute) => {
      attribute.text(1, key);
      attribute.message(2, (any) => any.text(1, text));
    });
  }
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1_000_000n;
}
