import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { asWireText } from './wire-json';

/** An answer in the shape of whoever is being played, which is not the shape of our own errors. */
export class WireAnswer extends Error {
  constructor(
    readonly status: number,
    readonly body: unknown,
  ) {
    super(`answered ${status}`);
  }
}

/** The connection ends without an answer. */
export class DroppedConnection extends Error {
  constructor() {
    super('connection dropped');
  }
}

@Catch(WireAnswer, DroppedConnection)
export class WireFilter implements ExceptionFilter {
  catch(error: WireAnswer | DroppedConnection, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof WireAnswer) {
      void reply
        .status(error.status)
        .header('content-type', 'application/json;charset=UTF-8')
        .send(asWireText(error.body));
      return;
    }
    reply.hijack();
    reply.raw.socket?.destroy();
  }
}
