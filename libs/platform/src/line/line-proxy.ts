import { request } from 'node:http';
import type { Socket } from 'node:net';

/** The proxy of a dedicated line did not connect us. No byte of the request left. */
class LineRefused extends Error {
  override readonly name = 'LineRefused';
  readonly code = 'LINE_REFUSED';
}

interface Target {
  hostname: string;
  port?: string;
  protocol: string;
}

/**
 * A connection to a server by way of a proxy (HTTP CONNECT): only the proxy is dialled, and it looks up the name.
 *
 * @param done is told the connection as it is, without TLS
 */
export function connectThrough(
  proxy: URL,
  { hostname, port, protocol }: Target,
  timeoutMs: number,
  done: (error: Error | null, socket: Socket | null) => void,
): void {
  const authority = `${hostname}:${port === undefined || port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
  let isDone = false;
  const end = (socket: Socket | null): void => {
    if (isDone) return;
    isDone = true;
    done(socket ? null : new LineRefused(), socket);
  };
  const asked = request({
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port === '' ? 80 : Number(proxy.port),
    method: 'CONNECT',
    path: authority,
    headers: { host: authority },
    agent: false,
    timeout: timeoutMs,
  });
  asked.once('connect', ({ statusCode }, socket: Socket, head) => {
    socket.setTimeout(0);
    // A server that speaks first belongs to no HTTP.
    if (statusCode === 200 && head.length === 0) {
      end(socket);
      return;
    }
    socket.destroy();
    end(null);
  });
  asked.once('response', (response) => {
    response.destroy();
    end(null);
  });
  asked.once('timeout', () => asked.destroy(new LineRefused()));
  asked.on('error', () => {
    end(null);
  });
  asked.end();
}
