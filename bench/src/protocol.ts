// node --conditions=@ks/source bench/src/protocol.ts [--rounds N] [--round-ms N] [--json]
// Encoding and decoding of common messages, against other clients of this runtime.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { decodeResponses } from './protocol/decode-responses.ts';
import { encodeRequests } from './protocol/encode-requests.ts';
import { kafkajsVersion } from './protocol/kafkajs.ts';
import { measure } from './protocol/measure.ts';
import { platformaticVersion } from './protocol/platformatic.ts';

interface Row {
  readonly name: string;
  readonly peer: string;
  readonly peerVersion: string;
  readonly apiVersion: number;
  readonly ksNanoseconds: number;
  readonly peerNanoseconds: number;
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    'round-ms': { type: 'string', default: '200' },
    json: { type: 'boolean', default: false },
  },
});

const rows: Row[] = [];
for (const prepare of [...encodeRequests, ...decodeResponses]) {
  const { name, check, pairs } = prepare();
  for (const pair of pairs) for (const contender of pair) check(contender.version, await contender.run());
  for (const [ours, theirs] of pairs) {
    const [ksNanoseconds = Number.NaN, peerNanoseconds = Number.NaN] = await measure(
      [ours, theirs],
      Number(values.rounds),
      Number(values['round-ms']),
    );
    const peerVersion = theirs.peer === 'kafkajs' ? kafkajsVersion : platformaticVersion;
    rows.push({ name, peer: theirs.peer, peerVersion, apiVersion: theirs.version, ksNanoseconds, peerNanoseconds });
  }
}

function table(): string {
  const micro = (nanoseconds: number): string => (nanoseconds / 1000).toPrecision(3);
  const lines = rows.map(
    ({ name, peer, peerVersion, apiVersion, ksNanoseconds, peerNanoseconds }) =>
      `| ${name} | v${apiVersion} | ${micro(ksNanoseconds)} | ${peer} ${peerVersion} | ${micro(peerNanoseconds)} | ${(peerNanoseconds / ksNanoseconds).toFixed(1)} |`,
  );
  return ['| what | version | ks µs | peer | peer µs | ks is faster by |', '|---|---|---|---|---|---|', ...lines].join(
    '\n',
  );
}

process.stdout.write(
  values.json
    ? `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`
    : `Node ${process.version}\n\n${table()}\n`,
);
