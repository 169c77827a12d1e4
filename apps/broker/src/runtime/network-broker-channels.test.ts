import type { Socket } from 'node:net';
import { DescribeCluster, EndTxn, ListGroups, WriteTxnMarkers } from '@ks/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { createNodeClock } from '../adapters/node-clock.ts';
import { createNodeRandom } from '../adapters/node-random.ts';
import { createTcpNetwork } from '../adapters/tcp-network.ts';
import type { Network } from '../ports/network.ts';
import { ChannelError } from './broker-channels.ts';
import { ChannelPeer, imageOfPeers, type PeerOptions, type PeerRequest } from './channel-peer.test-support.ts';
import { ManualClock } from './manual-clock.test-support.ts';
import { NetworkBrokerChannels } from './network-broker-channels.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const versions = new Map([ListGroups, DescribeCluster, WriteTxnMarkers].map((api) => [api.key, api.versions] as const));

async function peerOf(
  handle: (request: PeerRequest) => void,
  options: Partial<PeerOptions> = {},
): Promise<ChannelPeer> {
  const apis = [ListGroups, DescribeCluster, WriteTxnMarkers];
  const peer = await ChannelPeer.listen({ versions, apis, handle, ...options });
  closers.push(() => peer.close());
  return peer;
}

function channelsTo(...ports: readonly number[]): NetworkBrokerChannels {
  const channels = new NetworkBrokerChannels({
    ...{ brokerId: 9, interBrokerListenerName: 'INTERNAL' },
    ...{ network: createTcpNetwork(), clock: createNodeClock(), random: createNodeRandom() },
  });
  channels.applyImage(imageOfPeers(ports.map((port, index) => ({ brokerId: index + 1, port }))));
  closers.push(() => channels.close());
  return channels;
}

const groups = (name: string) => ({ errorCode: 0, groups: [{ groupId: name, protocolType: 'consumer' }] });
const list = (channels: NetworkBrokerChannels, lane = 'a', timeoutMs = 30_000, brokerId = 1) =>
  channels.send(brokerId, lane, ListGroups, { statesFilter: [], typesFilter: [] }, { timeoutMs });
const kindOf = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof ChannelError ? error.kind : `no channel error: ${String(error)}`;
};

describe('channels to other brokers', () => {
  test('one connection per lane; answers find their requests in the order they were sent in', async () => {
    const clients = new Set<string | null>();
    let count = 0;
    const peer = await peerOf((request) => {
      clients.add(request.clientId);
      request.answer(groups(`${count++}`));
    });
    const channels = channelsTo(peer.port);
    const answers = await Promise.all(Array.from({ length: 50 }, () => list(channels)));
    expect(answers.map((answer) => answer.groups[0]?.groupId)).toEqual(Array.from({ length: 50 }, (_, at) => `${at}`));
    expect(peer.connections).toBe(1);
    await list(channels, 'b');
    expect(peer.connections).toBe(2);
    expect([...clients]).toEqual(['broker-9-a', 'broker-9-b']);
  });

  test('the newest version that both know is spoken, and none where there is none', async () => {
    const seen: number[] = [];
    const peer = await peerOf(
      (request) => {
        seen.push(request.apiVersion);
        request.answer(groups('g'));
      },
      { versions: new Map([[ListGroups.key, { min: 0, max: 3 }]]) },
    );
    const channels = channelsTo(peer.port);
    await list(channels);
    expect(seen).toEqual([3]);
    const unsupported = channels.send(
      1,
      'a',
      DescribeCluster,
      { includeClusterAuthorizedOperations: false },
      { timeoutMs: 9000 },
    );
    expect(await kindOf(unsupported)).toBe('unsupported');
    const unknown = channels.send(
      1,
      'a',
      EndTxn,
      { transactionalId: 't', producerId: 1, producerEpoch: 0, committed: true },
      { timeoutMs: 9000 },
    );
    expect(await kindOf(unknown)).toBe('unsupported');
    expect((await list(channels)).errorCode).toBe(0);
    expect(peer.connections).toBe(1);
  });

  test('a large answer arrives whole, one that is larger than asked for ends the connection', async () => {
    const many = Array.from({ length: 20_000 }, (_, at) => ({ groupId: `group-${at}`, protocolType: 'consumer' }));
    const peer = await peerOf((request) => request.answer({ errorCode: 0, groups: many }));
    const channels = channelsTo(peer.port);
    const answer = await list(channels);
    expect(answer.groups.map(({ groupId }) => groupId)).toEqual(many.map(({ groupId }) => groupId));
    const bounded = channels.send(
      1,
      'a',
      ListGroups,
      { statesFilter: [], typesFilter: [] },
      { timeoutMs: 9000, responseBytesMax: 65_536 },
    );
    expect(await kindOf(bounded)).toBe('malformed');
    expect((await list(channels)).groups.length).toBe(20_000);
    expect(peer.connections).toBe(2);
  });

  const garbage: readonly (readonly [string, (request: PeerRequest) => void])[] = [
    ['a negative size', ({ socket }) => void socket.write(Buffer.from('ffffffff00000001', 'hex'))],
    ['a size without an end', ({ socket }) => void socket.write(Buffer.from('7fffffff00000001', 'hex'))],
    [
      'the answer to another request',
      ({ socket }) => void socket.write(Buffer.from('000000080000beef00000000', 'hex')),
    ],
    ['HTTP', ({ socket }) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a body cut off', ({ socket, correlationId }) => void socket.write(frame(correlationId, '0000'))],
    [
      'a count beyond the bytes',
      ({ socket, correlationId }) => void socket.write(frame(correlationId, '0000000000000000ffffffff0f')),
    ],
  ];
  test.each(garbage)(
    '%s instead of an answer: the connection ends, and the next request is served anew',
    async (_name, send) => {
      let isFirst = true;
      const peer = await peerOf((request) => {
        if (!isFirst) return request.answer(groups('g'));
        isFirst = false;
        send(request);
      });
      const channels = channelsTo(peer.port);
      const both = await Promise.all([kindOf(list(channels)), kindOf(list(channels))]);
      expect(both).toEqual(['malformed', 'malformed']);
      expect((await list(channels)).groups[0]?.groupId).toBe('g');
      expect(peer.connections).toBe(2);
    },
  );

  test('half an answer and then the end, or nothing at all', async () => {
    const endings = [
      (socket: Socket) => socket.end(Buffer.from('00000010000000', 'hex')),
      (socket: Socket) => socket.destroy(),
    ];
    for (const end of endings) {
      const peer = await peerOf(({ socket }) => void end(socket));
      expect(await kindOf(list(channelsTo(peer.port)))).toBe('closed');
    }
  });

  test('a peer that accepts and says nothing is given up, with all that waits on the connection', async () => {
    const peer = await peerOf(() => undefined);
    const channels = channelsTo(peer.port);
    const patient = kindOf(list(channels, 'a', 60_000));
    expect(await kindOf(list(channels, 'a', 50))).toBe('timed-out');
    expect(await patient).toBe('closed');
    expect(await kindOf(list(channels, 'a', 50))).toBe('timed-out');
    expect(peer.connections).toBe(2);
  });

  test('a peer that never tells its versions costs a request its time, not more', async () => {
    const peer = await peerOf(() => undefined, { versions: undefined });
    expect(await kindOf(list(channelsTo(peer.port), 'a', 50))).toBe('timed-out');
  });

  test('a request given up leaves its connection to the others', async () => {
    const waiting: PeerRequest[] = [];
    const peer = await peerOf((request) => void waiting.push(request));
    const channels = channelsTo(peer.port);
    const controller = new AbortController();
    const request = { statesFilter: [], typesFilter: [] };
    const given = channels.send(1, 'a', ListGroups, request, { timeoutMs: 9000, signal: controller.signal });
    const kept = list(channels);
    while (waiting.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort();
    expect(await kindOf(given)).toBe('aborted');
    for (const [index, each] of waiting.entries()) each.answer(groups(`${index}`));
    expect((await kept).groups[0]?.groupId).toBe('1');
    expect(peer.connections).toBe(1);
    expect(
      await kindOf(channels.send(1, 'a', ListGroups, request, { timeoutMs: 9000, signal: controller.signal })),
    ).toBe('aborted');
  });

  test('follow the image: unknown brokers, another address, a new incarnation, the end', async () => {
    const [old, moved] = await Promise.all(
      ['old', 'moved'].map((name) => peerOf((request) => request.answer(groups(name)))),
    );
    const channels = channelsTo(old?.port ?? 0);
    expect(await kindOf(list(channels, 'a', 9000, 7))).toBe('unknown-broker');
    expect((await list(channels)).groups[0]?.groupId).toBe('old');
    channels.applyImage(imageOfPeers([{ brokerId: 1, port: moved?.port ?? 0, brokerEpoch: 1 }]));
    expect((await list(channels)).groups[0]?.groupId).toBe('moved');
    channels.applyImage(imageOfPeers([{ brokerId: 1, port: moved?.port ?? 0, brokerEpoch: -1 }]));
    await list(channels);
    expect(moved?.connections).toBe(1);
    channels.applyImage(imageOfPeers([{ brokerId: 1, port: moved?.port ?? 0, brokerEpoch: 2 }]));
    await list(channels);
    expect(moved?.connections).toBe(2);
    channels.applyImage(imageOfPeers([{ brokerId: 1, port: moved?.port ?? 0, brokerEpoch: 2 }], 'OTHER'));
    expect(await kindOf(list(channels))).toBe('unknown-broker');
    channels.close();
    expect(await kindOf(list(channels))).toBe('closed');
  });

  test('a broker that is not there is tried again after pauses that grow, and served when it comes back', async () => {
    const clock = new ManualClock();
    let attempts = 0;
    const real = createTcpNetwork();
    let isThere = false;
    const network: Network = {
      listen: real.listen,
      connect: (address, open, signal) => {
        attempts += 1;
        return isThere ? real.connect(address, open, signal) : Promise.reject(new Error('connect ECONNREFUSED'));
      },
    };
    const peer = await peerOf((request) => request.answer(groups('g')));
    const channels = new NetworkBrokerChannels({
      ...{ brokerId: 9, interBrokerListenerName: 'INTERNAL', network, clock, random: createNodeRandom() },
    });
    closers.push(() => channels.close());
    channels.applyImage(imageOfPeers([{ brokerId: 1, port: peer.port }]));
    expect(await kindOf(list(channels))).toBe('unreachable');
    const pauses: number[] = [];
    for (let round = 0; round < 8; round++) {
      const waiting = kindOf(list(channels));
      const before = attempts;
      const startMs = clock.monotonicMs();
      while (attempts === before) clock.advanceTo(clock.monotonicMs() + 1);
      pauses.push(clock.monotonicMs() - startMs);
      expect(await waiting).toBe('unreachable');
    }
    expect(
      pauses.every((pause, at) => pause <= Math.min(1000, 50 * 2 ** at) + 1 && pause >= Math.min(500, 25 * 2 ** at)),
    ).toBe(true);
    isThere = true;
    const served = list(channels);
    clock.advanceTo(clock.monotonicMs() + 1000);
    expect((await served).groups[0]?.groupId).toBe('g');
  });
});

/** A frame with this correlation id and this body. */
function frame(correlationId: number, bodyHex: string): Buffer {
  const body = Buffer.from(bodyHex, 'hex');
  const bytes = Buffer.alloc(8 + body.length);
  bytes.writeInt32BE(4 + body.length, 0);
  bytes.writeInt32BE(correlationId, 4);
  body.copy(bytes, 8);
  return bytes;
}
