import {
  brokerConfigs,
  type ConfigDef,
  type ConfigTable,
  clientMetricsConfigs,
  environmentName,
  formatConfigValue,
  groupResourceConfigs,
  inapplicableKeys,
  keysWithoutEffect,
  topicConfigs,
} from '@ks/broker/internal';
import { markdownTable } from './markdown-table.ts';

function initial(def: ConfigDef): string {
  const text = formatConfigValue(def, def.default);
  if (text === null) return '-';
  return text === '' ? '(empty)' : `\`${text}\``;
}

function rowsOf(table: ConfigTable, isBroker: boolean): readonly (readonly string[])[] {
  return Object.entries(table)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, def]) => {
      const allowed = def.validator === undefined ? '' : ` Allowed: ${def.validator.allowed}.`;
      const last = isBroker ? def.updateMode : def.synonyms.map((synonym) => `\`${synonym.name}\``).join(', ') || '-';
      const reason = keysWithoutEffect.get(name);
      const effect = reason === undefined ? '' : ` No effect: ${reason}.`;
      return [`\`${name}\``, def.type, initial(def), last, `${def.doc}${allowed}${effect}`];
    });
}

const brokerHead = ['key', 'type', 'default', 'changes', 'what it does'];
const topicHead = ['key', 'type', 'default', 'default from the broker key', 'what it does'];

/** docs/configuration.md, from the tables that the broker itself reads. */
export function renderConfiguration(): string {
  return `# Configuration

Made by \`npm run docs\` from the tables that the broker reads; do not edit.

A broker takes Kafka's own keys from three places; later ones win:

1. a \`server.properties\`: \`ks broker run --config server.properties\`
2. environment variables: \`log.segment.bytes\` is \`${environmentName('log.segment.bytes')}\`, \`ks.tail.bytes\` is \`${environmentName('ks.tail.bytes')}\`
3. flags: \`ks start --port 9093 --data /var/lib/ks --override log.retention.hours=24\`

A Kafka \`server.properties\` starts ks as it is: keys that ks has no use for warn once and change nothing, misspelt keys
warn as unknown, and a value that is not allowed ends the start with one line that names the key and what is allowed.

*changes*: \`read-only\` at start only; \`per-broker\` and \`cluster-wide\` while it runs, by \`kafka-configs --alter\`.

## Broker

${markdownTable(brokerHead, rowsOf(brokerConfigs, true))}

## Topics

Set when a topic is created (\`ks topics create t -c retention.ms=60000\`) or by \`kafka-configs --entity-type topics --alter\`.

${markdownTable(topicHead, rowsOf(topicConfigs, false))}

## Groups

${markdownTable(topicHead, rowsOf(groupResourceConfigs, false))}

## Client metrics subscriptions

${markdownTable(topicHead, rowsOf(clientMetricsConfigs, false))}

## Kafka's keys that ks accepts and has no use for

${[...inapplicableKeys]
  .sort()
  .map((key) => `\`${key}\``)
  .join(', ')}
`;
}
