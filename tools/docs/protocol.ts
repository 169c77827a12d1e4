import { advertisedApis, handlers } from '@ks/broker/internal';
import { ApiKey, advertisedVersions, brokerRelease } from '@ks/protocol';
import { markdownTable } from './markdown-table.ts';

/** docs/protocol.md: every API of a broker of the target release, and what ks serves of it. */
export function renderProtocol(): string {
  const served = new Map(advertisedApis(handlers).map((api) => [api.apiKey, api]));
  const rows = Object.entries(ApiKey).flatMap(([name, key]) => {
    const kafka = advertisedVersions.get(key);
    if (kafka === undefined) return [];
    const ks = served.get(key);
    const range = ks === undefined ? '**missing**' : `${ks.advertised.min} to ${ks.advertised.max}`;
    return [[String(key), name, `${kafka.min} to ${kafka.max}`, range]];
  });
  const missing = rows.filter((row) => row[3] === '**missing**').length;
  return `# Protocol support

Made by \`npm run docs\` from the list that ApiVersions answers; do not edit.

ks speaks the versions of Apache Kafka ${brokerRelease}. Of its ${rows.length} client-facing APIs ${rows.length - missing} are served. An API that is
missing is left out of ApiVersions, so that clients say which feature they lack; a request for it all the same ends its
connection with a log line, as an unknown API does in Kafka.

${markdownTable(['key', 'API', `Kafka ${brokerRelease}`, 'ks'], rows)}
`;
}
