import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { brokerConfigs } from './broker-config.ts';
import type { ConfigDef } from './config-def.ts';
import { keysWithoutEffect } from './keys-without-effect.ts';
import { loadConfig } from './load-config.ts';
import { topicConfigs } from './topic-config.ts';

/** The broker's program, without comments, tests and the tables of keys. */
function program(): string {
  const source = join(import.meta.dirname, '..');
  const names = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (name) =>
      name.endsWith('.ts') && !/\.test\.|test-support|definitions|sim\/|inapplicable-keys|keys-without/.test(name),
  );
  return names
    .map((name) => readFileSync(join(source, name), 'utf8').replace(/\/\*\*[\s\S]*?\*\/|\/\/.*$/gm, ''))
    .join();
}

test('every key that is taken is honoured, or said to have no effect', () => {
  const text = program();
  const isNamed = (name: string): boolean => text.includes(`'${name}'`);
  const topicTable: readonly (readonly [string, ConfigDef])[] = Object.entries(topicConfigs);
  const honouredTopicKeys = topicTable.filter(([name]) => text.includes(`['${name}']`));
  // A broker's key may do no more than give topics their default.
  const asDefaults = new Set(honouredTopicKeys.flatMap(([, def]) => def.synonyms.map((synonym) => synonym.name)));
  const ofBroker = Object.keys(brokerConfigs).filter((name) => !isNamed(name) && !asDefaults.has(name));
  const ofTopics = topicTable.map(([name]) => name).filter((name) => !honouredTopicKeys.some(([key]) => key === name));
  expect([...ofBroker, ...ofTopics].filter((name) => !keysWithoutEffect.has(name))).toEqual([]);
  const all = new Set([...Object.keys(brokerConfigs), ...Object.keys(topicConfigs)]);
  expect([...keysWithoutEffect.keys()].filter((name) => !all.has(name))).toEqual([]);
});

test('a start tells which of the keys it was given change nothing, and why', () => {
  const { config, warnings } = loadConfig({ flags: new Map([['log.preallocate', 'true']]) });
  expect(warnings).toEqual([
    'log.preallocate has no effect: segments grow as they are written, and nothing would be gained by taking their size first',
  ]);
  expect(config.values['log.preallocate']).toBe(true);
});
