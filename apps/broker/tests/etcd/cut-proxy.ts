import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut: connections through it end, after so many bytes or at once, and new ones may be refused. */
export interface CutProxy extends AsyncDisposable {
  readonly host: string;
  /** Every connection, also each later one, ends after the server has sent so many bytes through it; undefined: none does. */
  cutAfter(bytes: number | undefined): void;
  /** Ends all connections and refuses new ones, until opened again. */
  close(isClosed: boolean): void;
  /** Connections that were cut. */
  readonly cuts: number;
}

export async function startCutProxy(target: string): Promise<CutProxy> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  let limit: number | undefined;
  let isClosed = false;
  let cuts = 0;
  const server = createServer((client) => {
    if (isClosed) return void client.destroy();
    const upstream = connect(Number(port), host);
    let sent = 0;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      sent += bytes.length;
      client.write(bytes);
      if (limit === undefined || sent < limit) return;
      cuts += 1;
      client.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    get cuts() {
      return cuts;
    },
    cutAfter: (bytes) => {
      limit = bytes;
    },
    close: (closed) => {
      isClosed = closed;
      if (closed) end();
    },
    [Symbol.asyncDispose]: async () => {
      end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
