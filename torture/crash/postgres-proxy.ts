import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Steps } from './steps';

/** Message types of PostgreSQL's protocol (version 3). */
const QUERY = 'Q';
const PARSE = 'P';
const BIND = 'B';
const SYNC = 'S';
const READY = 'Z';
const ROW = 'D';
const IDLE = 'I';

const WRITES = /\b(insert\s+into|update|delete\s+from)\s+(?:only\s+)?"?(\w+)"?\."?(\w+)"?/gi;

/** Stands between an app and PostgreSQL, and tells every commit: of a transaction, or of a statement without one. */
export class PostgresProxy {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly databaseUrl: URL,
  ) {}

  static async start(databaseUrl: string, steps: Steps): Promise<PostgresProxy> {
    const url = new URL(databaseUrl);
    const server = createServer();
    const proxy = new PostgresProxy(server, url);
    server.on('connection', (client) => {
      const upstream = connect(Number(url.port), url.hostname);
      proxy.keep(client, upstream);
      new Session(client, upstream, steps).listen();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const url = new URL(this.databaseUrl);
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private keep(...pair: [Socket, Socket]): void {
    for (const socket of pair) {
      this.sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        for (const other of pair) other.destroy();
      });
    }
  }
}

/** One connection of the app. */
class Session {
  private status = IDLE;
  private started = false;
  private dead = false;
  private fromApp: Buffer = Buffer.alloc(0);
  private fromServer: Buffer = Buffer.alloc(0);
  /** Messages since the last answer, held until the exchange is whole. */
  private held: Buffer[] = [];
  private answer: Buffer[] = [];
  private rows = 0;
  /** What this exchange runs, and what the open transaction has written. */
  private texts: string[] = [];
  private written: string[] = [];
  private readonly prepared = new Map<string, string>();
  private label: string | undefined;

  constructor(
    private readonly app: Socket,
    private readonly server: Socket,
    private readonly steps: Steps,
  ) {}

  listen(): void {
    this.app.on('data', (chunk: Buffer) => {
      this.fromApp = Buffer.concat([this.fromApp, chunk]);
      this.readApp();
    });
    this.server.on('data', (chunk: Buffer) => {
      this.fromServer = Buffer.concat([this.fromServer, chunk]);
      this.readServer();
    });
  }

  private readApp(): void {
    while (!this.dead) {
      // Before anything else comes one message without a type.
      const header = this.started ? 5 : 4;
      if (this.fromApp.length < header) return;
      const length = this.fromApp.readInt32BE(header - 4) + header - 4;
      if (this.fromApp.length < length) return;
      const message = this.fromApp.subarray(0, length);
      this.fromApp = this.fromApp.subarray(length);
      if (this.started) this.onAsked(String.fromCharCode(message[0] ?? 0), message);
      else {
        this.started = true;
        this.server.write(message);
      }
    }
  }

  private onAsked(type: string, message: Buffer): void {
    this.held.push(message);
    if (type === QUERY) this.texts.push(textAt(message, 5));
    if (type === PARSE) {
      const name = textAt(message, 5);
      this.prepared.set(name, textAt(message, 5 + Buffer.byteLength(name) + 1));
    }
    if (type === BIND) {
      const portal = textAt(message, 5);
      this.texts.push(this.prepared.get(textAt(message, 5 + Buffer.byteLength(portal) + 1)) ?? '');
    }
    if (type !== QUERY && type !== SYNC) {
      // A password, or the farewell: nobody waits for a Sync.
      if (type === 'p' || type === 'X') this.forward();
      return;
    }
    this.label = this.commitOf(this.texts.join(';'));
    this.texts = [];
    // A search that mostly finds nothing is a step only once it has found something.
    const certain = this.label !== undefined && !this.label.startsWith('take ');
    if (certain && !this.steps.pass(this.label ?? '', 'before')) this.die();
    else this.forward();
  }

  /** @returns the name of the commit that this exchange makes, if it makes one */
  private commitOf(text: string): string | undefined {
    const job = text.includes('SKIP LOCKED') && /name = '([\w.-]+)'/.exec(text)?.[1];
    if (job) return `take job ${job}`;
    const writes = writesOf(text);
    if (this.status === IDLE) {
      if (writes.length === 0) return undefined;
      // The queue looks after itself all the time.
      const queueOnly = writes.every((write) => write.includes(' pgboss.'));
      if (queueOnly) return text.includes("state = 'completed'") ? 'commit: job finished' : undefined;
      // A search that mostly finds nothing.
      return `${text.includes('SKIP LOCKED') ? 'take' : 'commit:'} ${writes.join(', ')}`;
    }
    if (/^\s*COMMIT/i.test(text)) {
      const written = [...new Set(this.written)];
      this.written = [];
      return written.some((write) => !write.includes(' pgboss.')) ? `commit: ${written.join(', ')}` : undefined;
    }
    if (/^\s*ROLLBACK/i.test(text)) this.written = [];
    else this.written.push(...writes);
    return undefined;
  }

  private forward(): void {
    this.server.write(Buffer.concat(this.held));
    this.held = [];
  }

  private readServer(): void {
    while (!this.dead) {
      if (this.fromServer.length < 5) return;
      const length = this.fromServer.readInt32BE(1) + 1;
      if (this.fromServer.length < length) return;
      const message = this.fromServer.subarray(0, length);
      this.fromServer = this.fromServer.subarray(length);
      this.onAnswered(String.fromCharCode(message[0] ?? 0), message);
    }
  }

  private onAnswered(type: string, message: Buffer): void {
    if (this.label === undefined) {
      if (type === READY) this.status = String.fromCharCode(message[5] ?? 0);
      this.app.write(message);
      return;
    }
    this.answer.push(message);
    if (type === ROW) this.rows += 1;
    if (type !== READY) return;
    this.status = String.fromCharCode(message[5] ?? 0);
    const { label, rows, answer } = this;
    this.label = undefined;
    this.rows = 0;
    this.answer = [];
    const happened = !label.startsWith('take ') || rows > 0;
    if (happened && !this.steps.pass(label, 'after')) this.die();
    else this.app.write(Buffer.concat(answer));
  }

  /** Neither side hears another word. */
  private die(): void {
    this.dead = true;
    this.server.destroy();
  }
}

function writesOf(text: string): string[] {
  const writes = [...text.matchAll(WRITES)].map(
    ([, verb = '', schema = '', table = '']) => `${verb.split(/\s/)[0]?.toLowerCase() ?? ''} ${schema}.${table}`,
  );
  return [...new Set(writes)];
}

function textAt(message: Buffer, from: number): string {
  return message.toString('utf8', from, message.indexOf(0, from));
}
