import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';
const OK = 'HTTP/1.1 200 ';
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * One kept connection that has one request under way at most.
 *
 * Knows just enough of HTTP for a benchmark: a status line, a Content-Length, and no chunks.
 */
export class Connection {
  private readonly socket: Socket;
  private text = '';
  private done?: (right: boolean, text: string) => void;
  sentAt = 0;

  constructor(
    port: number,
    private readonly mark: string,
    ready: (problem?: Error) => void,
  ) {
    this.socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      // One buffer for each connection instead of one for each answer.
      onread: {
        buffer: Buffer.allocUnsafe(16_384),
        callback: (length, buffer) => {
          this.take((buffer as Buffer).toString('latin1', 0, length));
          return true;
        },
      },
    });
    this.socket.once('connect', () => {
      ready();
    });
    this.socket.on('error', (problem) => {
      ready(problem);
      this.finish(false, problem.message);
    });
    this.socket.on('close', () => {
      this.finish(false, 'the server closed the connection');
    });
  }

  get idle(): boolean {
    return this.done === undefined;
  }

  get open(): boolean {
    return !this.socket.destroyed;
  }

  send(request: Buffer, done: (right: boolean, text: string) => void): void {
    this.done = done;
    this.socket.write(request);
  }

  end(): void {
    this.done = undefined;
    this.socket.destroy();
  }

  private take(chunk: string): void {
    const text = this.text === '' ? chunk : this.text + chunk;
    const head = text.indexOf(HEAD_END);
    const length = head < 0 ? undefined : LENGTH.exec(text)?.[1];
    if (length === undefined || text.length < head + 4 + Number(length)) {
      this.text = text;
      return;
    }
    this.text = '';
    this.finish(text.startsWith(OK) && text.includes(this.mark, head), text);
  }

  private finish(right: boolean, text: string): void {
    const done = this.done;
    this.done = undefined;
    done?.(right, text);
  }
}
