import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { throwError, timeout } from 'rxjs';
import type { Observable } from 'rxjs';
import { RuntimeConfig } from '../config/platform.config';

/** The work of a call went on longer than its caller waits. It is answered as any fault of ours, with 500. */
export class AnsweredTooLate extends Error {
  override name = 'AnsweredTooLate';

  constructor() {
    super('the answer was not ready in time');
  }
}

export const answeredTooLate = (): AnsweredTooLate => new AnsweredTooLate();

/**
 * Answers every call of a controller within ANSWER_WITHIN_MS, whatever its work waits for: a database that accepts
 * connections and says nothing, a lock, a pool without a free connection.
 *
 * The work is not cancelled: it may still commit after its caller was answered 500. The calls of the guide are
 * repeatable, so the same call again finds what the first one stored.
 */
@Injectable()
export class AnswerInTime implements NestInterceptor {
  constructor(private readonly runtime: RuntimeConfig) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const late = (): Observable<never> => throwError(answeredTooLate);
    return next.handle().pipe(timeout({ first: this.runtime.answerWithinMs, with: late }));
  }
}
