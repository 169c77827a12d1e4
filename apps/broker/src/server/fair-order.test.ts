import { encodeRequest, joinFrame, Produce } from '@ks/protocol';
import { expect, test } from 'vitest';
import { handler } from '../handlers/handler.ts';
import { SimClient, startSimServer } from './server.test-support.ts';

const DISK_BYTES_PER_MS = 3000;
/** What the log takes in before it is full. */
const TAIL_BYTES = 500_000;

function produceBytes(clientId: string, sizeBytes: number): Uint8Array {
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: new Uint8Array(sizeBytes) }] }];
  return joinFrame(encodeRequest(Produce, 9, { correlationId: 1, clientId }, { acks: 1, timeoutMs: 1, topicData }));
}

/** A server with 1 MB for requests whose log is slower than its clients; tells the bytes that it took before a client's first request. */
async function besiegedServer() {
  let takenBytes = 0;
  const firstAt = new Map<string | null, number>();
  const produce = handler(
    Produce,
    { versions: [3, 13], borrowsBytes: true },
    (_broker, { topicData }, { clientId }) => {
      if (!firstAt.has(clientId)) firstAt.set(clientId, takenBytes);
      takenBytes += topicData[0]?.partitionData[0]?.records?.length ?? 0;
      return { responses: [] };
    },
  );
  let isFull = (): boolean => false;
  const limits = { queuedBytesMax: 1_000_000 };
  const sim = await startSimServer({ seed: 1, handlers: [produce], limits, isFull: () => isFull() });
  isFull = () => takenBytes > TAIL_BYTES + sim.clock.monotonicMs() * DISK_BYTES_PER_MS;
  const flood = (clientsCount: number, sizeBytes: number, requestsEach: number): void => {
    const request = produceBytes('flood', sizeBytes);
    for (let count = 0; count < clientsCount; count++) {
      const { socket } = new SimClient(sim);
      for (let sent = 0; sent < requestsEach; sent++) socket.send(request);
    }
  };
  /** How many bytes of others were taken between the sending of a request and its handling. */
  const waitOf = async (clientId: string, sizeBytes: number): Promise<number> => {
    const sentAt = takenBytes;
    new SimClient(sim).socket.send(produceBytes(clientId, sizeBytes));
    for (let waited = 0; waited < 60_000 && !firstAt.has(clientId); waited += 50) await sim.clock.advance(50);
    return (firstAt.get(clientId) ?? Number.POSITIVE_INFINITY) - sentAt;
  };
  return { sim, flood, waitOf };
}

test('who asks for little does not wait for a large request of everybody else', async () => {
  const { sim, flood, waitOf } = await besiegedServer();
  flood(40, 400_000, 5);
  await sim.clock.advance(500);
  // A round of all is 16 MB. What is complete already, and what memory lets in beside it, comes first.
  expect(await waitOf('small', 60_000)).toBeLessThan(5_000_000);
  expect(await waitOf('tiny', 1000)).toBeLessThan(3_000_000);
});

test('who comes while a flood begins is not put behind all of it', async () => {
  const { sim, flood, waitOf } = await besiegedServer();
  // Those that come first are served at once and the others wait: what the first ones had is none of theirs, nor of a newcomer.
  flood(100, 60_000, 5);
  await sim.clock.advance(100);
  expect(await waitOf('small', 10_000)).toBeLessThan(2_000_000);
});

test('a large request that has the last memory does not keep who asks for little waiting until its own turn', async () => {
  const { sim, flood, waitOf } = await besiegedServer();
  flood(1, 4_000_000, 20);
  flood(40, 500_000, 20);
  await sim.clock.advance(500);
  for (let round = 0; round < 5; round++) expect(await waitOf(`small ${round}`, 60_000)).toBeLessThan(9_000_000);
});

test('who asks for much is served too while small requests never end', async () => {
  const { sim, flood, waitOf } = await besiegedServer();
  flood(40, 90_000, 100);
  await sim.clock.advance(500);
  expect(await waitOf('large', 2_000_000)).toBeLessThan(40 * 2_000_000);
});
