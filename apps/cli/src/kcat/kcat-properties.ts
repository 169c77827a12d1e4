import { homedir } from 'node:os';
import { join } from 'node:path';
import { readIfThere } from '../settings/profile-file.ts';
import { lastOf, misused, type KcatArguments } from './kcat-arguments.ts';

/** What of librdkafka's properties ks has an answer to. */
export interface KcatProperties {
  readonly brokers: string | undefined;
  readonly clientId: string | undefined;
  readonly acks: 'all' | 0 | 1;
  readonly compression: string | undefined;
  readonly lingerMs: number;
  readonly isReadCommitted: boolean;
  /** Where a group starts that has committed nothing. */
  readonly startsAt: 'beginning' | 'end';
  /** Names that have no effect here. */
  readonly ignored: readonly string[];
}

const known: Readonly<Record<string, string>> = {
  'bootstrap.servers': 'brokers',
  'metadata.broker.list': 'brokers',
  'client.id': 'clientId',
  acks: 'acks',
  'request.required.acks': 'acks',
  'compression.codec': 'compression',
  'compression.type': 'compression',
  'linger.ms': 'linger',
  'queue.buffering.max.ms': 'linger',
  'isolation.level': 'isolation',
  'auto.offset.reset': 'reset',
};

/** Those that change what is sent or who may read it: silence would be wrong. */
const refused = /^(security|sasl|ssl|transactional|enable\.idempotence|plugin|oauthbearer)\b/;

/** Reads `-X`, and the file of `-F`, `KCAT_CONFIG` or `~/.config/kcat.conf` before it. Throws a usage error. */
export async function kcatProperties(
  given: KcatArguments,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<KcatProperties> {
  const named = lastOf(given, 'F') ?? environment['KCAT_CONFIG'];
  const path = named ?? join(homedir(), '.config', 'kcat.conf');
  const text = await readIfThere(path);
  if (text === undefined && named !== undefined) throw misused(`${named} does not exist`);
  const lines = (text ?? '').split('\n').map((line) => line.trim());
  const pairs = [...lines.filter((line) => line !== '' && !line.startsWith('#')), ...(given.values.get('X') ?? [])];
  const values = new Map<string, string>();
  const ignored: string[] = [];
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at <= 0) throw misused(`-X ${pair} is no property=value`);
    const name = pair
      .slice(0, at)
      .trim()
      .replace(/^topic\./, '');
    if (refused.test(name)) throw misused(`${name} cannot be done by ks yet`);
    const meaning = known[name];
    if (meaning === undefined) ignored.push(name);
    else values.set(meaning, pair.slice(at + 1).trim());
  }
  return {
    brokers: values.get('brokers'),
    clientId: values.get('clientId'),
    acks: acksOf(values.get('acks')),
    compression: values.get('compression'),
    lingerMs: Number(values.get('linger') ?? 5) || 0,
    isReadCommitted: values.get('isolation') === 'read_committed',
    startsAt: /^(smallest|earliest|beginning)$/.test(values.get('reset') ?? '') ? 'beginning' : 'end',
    ignored,
  };
}

function acksOf(text: string | undefined): 'all' | 0 | 1 {
  if (text === undefined || text === 'all' || text === '-1') return 'all';
  if (text === '0' || text === '1') return text === '0' ? 0 : 1;
  throw misused(`acks=${text} is none of all, 1, 0`);
}
