import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** The way to a database, which a test may close, or leave open with nothing coming through. */
export class DatabaseWay {
  private readonly sockets = new Set<Socket>();
  private isSilent = false;
  private isClosed = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @param at a port of its own; any free one when left out */
  static async to(databaseUrl: string, at = 0): Promise<DatabaseWay> {
    const { hostname, port } = new URL(databaseUrl);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
    const way = new DatabaseWay(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => {
      way.join(client, connect(Number(port), hostname));
    });
    return way;
  }

  /** The address by which a database is reached on this way. */
  through(databaseUrl: string): string {
    const url = new URL(databaseUrl);
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }

  /** As a stopped server: connections stay and more are accepted, and no byte comes through. */
  silence(): void {
    this.isSilent = true;
    for (const socket of this.sockets) socket.pause();
  }

  resume(): void {
    this.isSilent = false;
    for (const socket of this.sockets) socket.resume();
  }

  /** As a server that is gone: connections end, and more are refused. It returns when the last has ended. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private join(client: Socket, server: Socket): void {
    // Accepted in the moment of `close`.
    if (this.isClosed) client.destroy();
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      if (this.isSilent) from.pause();
    }
  }
}
