import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brokerConfigs } from './broker-config.ts';
import { bool, type ConfigDef, double, int, list, long, MAX_LONG, short, text } from './config-def.ts';
import { formatConfigValue, parseConfigValue } from './config-text.ts';
import { topicConfigs } from './definitions/topic.ts';
import { inapplicableKeys } from './inapplicable-keys.ts';
import kafka from './fixtures/kafka-4.4-configs.json' with { type: 'json' };

const everyDef: readonly (readonly [string, ConfigDef])[] = [
  ...Object.entries<ConfigDef>(brokerConfigs),
  ...Object.entries<ConfigDef>(topicConfigs),
];

interface KafkaConfig {
  readonly scope: string;
  readonly name: string;
  readonly type: string;
  readonly default?: unknown;
  readonly brokerSynonyms?: readonly string[];
  readonly updateMode?: string;
}
const facts: readonly KafkaConfig[] = kafka;

/** Where ks differs from Kafka, and why. */
const otherDefault = new Set(['log.dir', 'node.id', 'controller.listener.names']);
const optional = new Set(['log.retention.minutes', 'log.flush.interval.ms']);

describe('definitions', () => {
  test.each(everyDef)('the default of %s passes its own rule and survives text', (name, def) => {
    const shown = formatConfigValue(def, def.default);
    if (shown === null) return expect(def.default).toBeNull();
    return expect(parseConfigValue(name, def, shown)).toEqual({ ok: true, value: def.default });
  });

  test.each(facts.filter(({ scope }) => scope === 'topic'))('topic config $name is Kafka’s', (fact) => {
    const def = Object.entries<ConfigDef>(topicConfigs).find(([name]) => name === fact.name)?.[1];
    expect(def?.type).toBe(fact.type);
    const expected = Array.isArray(fact.default) ? fact.default.join(',') : String(fact.default);
    expect(def && formatConfigValue(def, def.default)).toBe(expected);
    const honoured = (fact.brokerSynonyms ?? []).filter((name) => Object.hasOwn(brokerConfigs, name));
    expect(def?.synonyms.map(({ name }) => name)).toEqual(honoured);
  });

  test.each(facts.filter(({ scope }) => scope === 'broker'))(
    'broker config $name is Kafka’s or known as ignored',
    (fact) => {
      const def = Object.entries<ConfigDef>(brokerConfigs).find(([name]) => name === fact.name)?.[1];
      if (def === undefined) return expect(inapplicableKeys).toContain(fact.name);
      expect(def.type).toBe(fact.type);
      expect(def.updateMode).toBe(fact.updateMode);
      if (otherDefault.has(fact.name)) return undefined;
      const expected = Array.isArray(fact.default) ? fact.default.join(',') : fact.default;
      const shown = formatConfigValue(def, def.default);
      // The facts' own text of a double is not Java's.
      if (fact.type === 'double') return expect(Number(shown)).toBe(expected);
      return optional.has(fact.name)
        ? expect(shown).toBeNull()
        : expect(shown).toBe(expected === null ? null : String(expected));
    },
  );
});

describe('values', () => {
  test.each([
    [int(1, {}, ''), ' 12 ', 12],
    [int(1, {}, ''), '+12', 12],
    [long(1, {}, ''), '9223372036854775807', MAX_LONG],
    [long(1, {}, ''), '-9223372036854775808', -MAX_LONG],
    [double(1, {}, ''), '.5', 0.5],
    [double(1, {}, ''), '1e-3', 0.001],
    [bool(false, ''), 'TRUE', true],
    [list([], ''), 'a, b', ['a', 'b']],
    [list(['x'], ''), '', []],
    [text('', '', { oneOf: ['a'] }), 'a', 'a'],
    [int(-1, { min: 1, max: 9, also: [-1] }, ''), '-1', -1],
  ] as const)('%o accepts %j', (def, raw, value) => {
    expect(parseConfigValue('key', def, raw)).toEqual({ ok: true, value });
  });

  test.each([
    [int(1, {}, ''), '2147483648', 'key: "2147483648" is not allowed; allowed: a whole number (int)'],
    [short(1, {}, ''), '32768', 'key: "32768" is not allowed; allowed: a whole number (short)'],
    [
      long(1, {}, ''),
      '9223372036854775808',
      'key: "9223372036854775808" is not allowed; allowed: a whole number (long)',
    ],
    [int(1, { min: 1 }, ''), '0', 'key: "0" is not allowed; allowed: a whole number (int), at least 1'],
    [
      int(1, { min: 1, max: 9, also: [-1] }, ''),
      '0',
      'key: "0" is not allowed; allowed: a whole number (int), -1 or 1 to 9',
    ],
    [int(1, {}, ''), '0x10', 'key: "0x10" is not allowed; allowed: a whole number (int)'],
    [int(1, {}, ''), '', 'key: "" is not allowed; allowed: a whole number (int)'],
    [bool(true, ''), 'yes', 'key: "yes" is not allowed; allowed: true or false'],
    [list([], '', { of: ['a', 'b'] }), 'a,c', 'key: "a,c" is not allowed; allowed: a comma-separated list of a, b'],
    [double(1, {}, ''), 'NaN', 'key: "NaN" is not allowed; allowed: a number'],
  ] as const)('%o refuses %j', (def, raw, message) => {
    expect(parseConfigValue('key', def, raw)).toEqual({ ok: false, message });
  });

  test('any whole number within its type survives text, any other text is refused in one line', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const def = long(0, {}, '');
        expect(parseConfigValue('key', def, formatConfigValue(def, value) ?? '')).toEqual({ ok: true, value });
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...everyDef), fc.string(), ([name, def], raw) => {
        const result = parseConfigValue(name, def, raw);
        if (result.ok) {
          const shown = formatConfigValue(def, result.value) ?? '';
          expect(parseConfigValue(name, def, shown)).toEqual(result);
        } else {
          expect(result.message.startsWith(`${name}: `)).toBe(true);
          expect(result.message).not.toContain('\n');
        }
      }),
    );
  });
});
