import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { requestId } from './request-context';
import { scrub, scrubText } from './scrub';

/** Lines wait until so many bytes are together … */
const WRITTEN_TOGETHER = 4_096;
/** … or this long. A process that is killed outright takes the lines of that time with it. */
const WRITTEN_WITHIN_MS = 100;

let standardOutput: ReturnType<typeof pino.destination> | undefined;

/** A write for each line was a tenth of a busy app's processor time. Whatever is a warning or worse is written at once. */
function bufferedOutput(): ReturnType<typeof pino.destination> {
  if (!standardOutput) {
    const made = pino.destination({
      dest: 1,
      sync: true,
      minLength: WRITTEN_TOGETHER,
      periodicFlush: WRITTEN_WITHIN_MS,
    });
    process.once('exit', () => {
      made.flushSync();
    });
    standardOutput = made;
  }
  return standardOutput;
}

/** One JSON object a line on standard output; every value passes `scrub`. */
export function createPino(app: string, level: string, destination?: DestinationStream): Logger {
  const output = destination ?? bufferedOutput();
  const { warn } = pino.levels.values;
  return pino(
    {
      level,
      base: { app },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      formatters: {
        level: (label) => ({ level: label }),
        log: (object) => scrub(object) as Record<string, unknown>,
      },
      mixin: () => {
        const id = requestId();
        return id ? { requestId: id } : {};
      },
      hooks: {
        logMethod(args, method, level) {
          const scrubbed = args.map((arg) => (typeof arg === 'string' ? scrubText(arg) : arg));
          method.apply(this, scrubbed as typeof args);
          if (warn !== undefined && level >= warn && output === standardOutput) standardOutput.flushSync();
        },
      },
    },
    output,
  );
}

type Level = 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal';

/** Parts of Nest that list every module and route at each start. */
const STARTUP_NOISE = new Set(['InstanceLoader', 'RouterExplorer', 'RoutesResolver', 'NestFactory']);

/**
 * Nest's logger on top of pino: `logger.log({ captureId }, 'redeemed')`, `logger.error(error)`.
 */
export class PinoLogger implements LoggerService {
  constructor(readonly pino: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(STARTUP_NOISE.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    // An app that cannot start says why by itself, once and without a stack (startApp).
    this.write(rest.at(-1) === 'ExceptionHandler' ? 'debug' : 'error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest appends the name of the logging class as the last argument. */
  private write(level: Level, message: unknown, rest: unknown[]): void {
    const context = rest.at(-1);
    const texts = rest.slice(0, -1).filter((part) => typeof part === 'string');
    const fields = { ...(typeof context === 'string' && { context }) };
    if (message instanceof Error) this.pino[level]({ ...fields, error: message }, texts[0] ?? message.message);
    else if (typeof message === 'object' && message !== null)
      this.pino[level]({ ...fields, ...message }, texts[0] ?? '');
    else this.pino[level](fields, [String(message), ...texts].join('\n'));
  }
}
