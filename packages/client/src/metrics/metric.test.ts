import { expect, test } from 'vitest';
import { Counter, Gauge, Histogram } from './metric.ts';

test('metrics are written as Prometheus reads them', () => {
  const counter = new Counter('a_total', 'Help.', ['topic', 'error']);
  expect(counter.text()).toBe('');
  counter.add(2, 'orders', 'ok');
  counter.add(3, 'orders', 'ok');
  counter.add(1, 'a"b\\c\nd', '');
  expect(counter.text()).toBe(
    '# HELP a_total Help.\n# TYPE a_total counter\na_total{topic="orders",error="ok"} 5\na_total{topic="a\\"b\\\\c\\nd",error=""} 1\n',
  );
  const gauge = new Gauge('b', 'Help.', []);
  gauge.set(4);
  gauge.add(-1.5);
  expect(gauge.text()).toBe('# HELP b Help.\n# TYPE b gauge\nb 2.5\n');
  const histogram = new Histogram('c', 'Help.', ['api'], [1, 2]);
  for (const value of [1, 1.5, 2, 3]) histogram.observe(value, 'Fetch');
  expect(histogram.text()).toBe(
    [
      '# HELP c Help.',
      '# TYPE c histogram',
      'c_bucket{api="Fetch",le="1"} 1',
      'c_bucket{api="Fetch",le="2"} 3',
      'c_bucket{api="Fetch",le="+Inf"} 4',
      'c_sum{api="Fetch"} 7.5',
      'c_count{api="Fetch"} 4',
      '',
    ].join('\n'),
  );
});

test('series are forgotten when asked, and do not grow without end', () => {
  const gauge = new Gauge('lag', 'Help.', ['topic', 'partition']);
  for (let index = 0; index < 10_050; index += 1) gauge.set(index, 't', `${index}`);
  expect(gauge.text().split('\n')).toHaveLength(10_000 + 3);
  gauge.forget(([, partition]) => partition !== '7');
  expect(gauge.text()).toContain('lag{topic="t",partition="7"} 7');
  expect(gauge.text().split('\n')).toHaveLength(4);
});
