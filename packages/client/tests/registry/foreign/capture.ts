import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { schemaRegistry } from '../../../src/adapters/schema-registry.ts';
import { avroOrder, jsonOrder } from '../acme.ts';
import { samples } from '../samples.ts';
import { StandInRegistry } from '../stand-in-registry.ts';

// Captures ../../fixtures/python-serializers.json anew, from this folder:
//   python3 -m venv /tmp/venv && /tmp/venv/bin/pip install 'confluent-kafka[avro,json,protobuf,schemaregistry]' grpcio-tools
//   node --conditions=@ks/source capture.ts /tmp/venv/bin/python FOLDER
// FOLDER holds acme/customer.proto and acme/order.proto, as ../acme.ts says, and gets their Python.

const [python = 'python3', folder = '.'] = process.argv.slice(2);
const protoc = ['-m', 'grpc_tools.protoc', '-I.', '--python_out=.', 'acme/customer.proto', 'acme/order.proto'];
const compiled = spawnSync(python, protoc, { cwd: folder, stdio: 'inherit' });
if (compiled.status !== 0) throw new Error('protoc failed');

await using standIn = await StandInRegistry.start();
const registry = schemaRegistry({ url: standIn.url });
const records: Record<string, string> = {};
for (const { topic, codec, data } of samples(registry, 'register')) {
  const bytes = await codec.encode(data, { topic, side: 'value' });
  records[topic] = Buffer.from(bytes).toString('hex');
}
const program = fileURLToPath(new URL('serializers.py', import.meta.url));
const child = spawn(python, [program], {
  env: { ...process.env, PYTHONPATH: folder },
  stdio: ['pipe', 'pipe', 'inherit'],
});
const exited = once(child, 'exit');
child.stdin.end(
  JSON.stringify({ url: standIn.url, records, avro: JSON.stringify(avroOrder), json: JSON.stringify(jsonOrder) }),
);
const { version, read, written } = JSON.parse(await text(child.stdout)) as Record<string, unknown>;
if ((await exited)[0] !== 0) throw new Error('the Python program failed');
const fixture = { 'confluent-kafka': version, registry: standIn.state, records, read, written };
writeFileSync(
  new URL('../../fixtures/python-serializers.json', import.meta.url),
  `${JSON.stringify(fixture, null, 2)}\n`,
);
