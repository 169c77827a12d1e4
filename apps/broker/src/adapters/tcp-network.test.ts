import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Connection, Listening } from '../ports/network.ts';
import { type AcceptMode, createTcpNetwork } from './tcp-network.ts';

/** Accepts one connection, paused, and counts how its bytes come in. */
async function receive(accept: AcceptMode, bytes: Uint8Array): Promise<{ lengths: number[]; received: Uint8Array }> {
  const view = new Uint8Array(1_048_576);
  const received: Uint8Array[] = [];
  const { promise: accepted, resolve } = Promise.withResolvers<Connection>();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const listening = await createTcpNetwork({ accept }).listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    connection.pause();
    setImmediate(() => resolve(connection));
    return {
      nextView: () => view,
      received: (length) => void received.push(view.slice(0, length)),
      drained: () => undefined,
      closed: () => close(),
    };
  });
  const socket = connect(listening.port, '127.0.0.1');
  socket.end(bytes);
  const connection = await accepted;
  // Until the system has taken what it buffers.
  await new Promise((done) => setTimeout(done, 50));
  connection.resume();
  await closed;
  await listening.close();
  return { lengths: received.map(({ length }) => length), received: Buffer.concat(received) };
}

describe.each(['direct', 'copied'] as const)('tcp network (%s)', (accept) => {
  test('a paused connection delivers nothing, a resumed one everything in order', async () => {
    const bytes = Uint8Array.from({ length: 500_000 }, (_, at) => (at * 7) % 253);
    const { received, lengths } = await receive(accept, bytes);
    expect(Buffer.compare(received, bytes)).toBe(0);
    // Node's own buffers hold 64 KB; only a read into the given view can bring more at once.
    expect(Math.max(...lengths) > 65_536).toBe(accept === 'direct');
  });

  test('views are sent in order, `sent` is called once, with an error where the connection has ended', async () => {
    const sent: (Error | undefined)[] = [];
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    let connection: Connection | undefined;
    const listening = await createTcpNetwork({ accept }).listen({ host: '127.0.0.1', port: 0 }, (accepted) => {
      connection = accepted;
      accepted.write([Buffer.from('ab'), Buffer.from(''), Buffer.from('cd')], (error) => sent.push(error));
      accepted.write([Buffer.from('ef')], (error) => sent.push(error));
      accepted.write([], (error) => sent.push(error));
      accepted.end();
      return {
        nextView: () => Buffer.alloc(8),
        received: () => undefined,
        drained: () => undefined,
        closed: () => close(),
      };
    });
    const socket = connect(listening.port, '127.0.0.1');
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toBe('abcdef');
    await closed;
    expect(sent).toEqual([undefined, undefined, undefined]);
    connection?.write([Buffer.from('late')], (error) => sent.push(error));
    await new Promise((done) => setImmediate(done));
    expect(sent[3]).toBeInstanceOf(Error);
    await listening.close();
  });

  test('an address in use and one that is not here are errors with the system’s code', async () => {
    const nobody = () => {
      throw new Error('nobody connects');
    };
    const network = createTcpNetwork({ accept });
    const first: Listening = await network.listen({ host: '127.0.0.1', port: 0 }, nobody);
    const again = network.listen({ host: '127.0.0.1', port: first.port }, nobody);
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.close();
    await expect(network.listen({ host: '192.0.2.1', port: 0 }, nobody)).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
    });
    await (await network.listen({ host: '127.0.0.1', port: first.port }, nobody)).close();
  });
});
