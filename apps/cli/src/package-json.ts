import { readFileSync } from 'node:fs';
import type { Interfaces } from '@oclif/core';

const isSource = import.meta.url.endsWith('.ts');

/** Where `package.json` lies: both `src` and `bundle` are one below it. */
export const rootPath = new URL('..', import.meta.url);

/** The module of the same folder by its name, as oclif finds it from the root: from the sources, or from the bundle. */
const module = (name: string): string => (isSource ? `./src/${name}.ts` : `./bundle/${name}.js`);

/** package.json with what oclif is told of this program, wherever it runs from. */
export function packageJson(): Interfaces.PJSON {
  const text = readFileSync(new URL('package.json', rootPath), 'utf8');
  const parsed: Interfaces.PJSON = JSON.parse(text);
  return {
    ...parsed,
    oclif: {
      ...parsed.oclif,
      description: 'ks talks to Kafka clusters, and runs one: produce, consume and administer from the command line.',
      commands: { strategy: 'explicit', target: module('commands'), identifier: 'commands' },
      helpClass: { target: module('help'), identifier: 'ExamplesFirstHelp' },
      helpOptions: {
        docopts: false,
        maxWidth: 100,
        flagSortOrder: 'none',
        hideCommandSummaryInDescription: true,
        hideAliasesFromRoot: true,
      },
      topics: {
        topics: { description: 'Topics: list, describe, create, delete, partitions, offsets' },
        groups: { description: 'Groups: list, describe, lag, seek, delete, delete-offsets' },
        cluster: { description: 'A cluster as a whole: info, health' },
        brokers: { description: 'The brokers of a cluster: list' },
        profile: { description: 'Clusters by name: their brokers and settings' },
        broker: { description: 'A node of a cluster, on this machine' },
        debug: { description: 'Looking things up: errors' },
      },
    },
  };
}
