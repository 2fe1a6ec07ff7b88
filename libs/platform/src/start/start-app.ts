import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Addresses } from '../config/addresses.config';
import { RuntimeConfig } from '../config/platform.config';
import { ConfigError } from '../config/variable';
import type { AppDefinition } from './app-definition';
import { createApp } from './create-app';

/** A shutdown that takes longer is cut off; container engines send SIGKILL after as long. */
const DRAIN_LIMIT_MS = 30_000;

/**
 * Runs an app until SIGTERM, SIGINT or the death of the launcher that started it, then drains and ends with 0.
 *
 * A bad configuration or a taken port ends with 1 and a message that names the variable.
 */
export async function startApp(definition: AppDefinition): Promise<void> {
  try {
    const app = await createApp(definition);
    stopOnSignal(app);
    outliveForgottenPromises();
    endByForgottenErrors();
    const addresses = app.get(Addresses);
    const runtime = app.get(RuntimeConfig);
    await app.listen(addresses.port(definition.name), runtime.host);
    process.send?.('ready');
  } catch (error) {
    process.stderr.write(`${explain(definition, error)}\n`);
    process.exit(1);
  }
}

function stopOnSignal(app: NestFastifyApplication): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), DRAIN_LIMIT_MS).unref();
    void app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // `npm start` holds an IPC channel to each app; it closes when the launcher dies, however it dies.
  process.on('disconnect', stop);
}

/** Node would print the error as it stands, with whatever a merchant's code put into its text. */
function endByForgottenErrors(): void {
  const logger = new Logger('Process');
  process.on('uncaughtException', (error) => {
    logger.fatal({ error: withoutText(error) }, 'an error was thrown that nobody caught');
    process.exit(1);
  });
}

/**
 * Node would end the process, and with it the calls of every other merchant, because one merchant's code forgot to wait
 * for a promise. An error that is thrown outside of any promise still ends it: nobody knows what it left behind.
 */
function outliveForgottenPromises(): void {
  const logger = new Logger('Process');
  process.on('unhandledRejection', (error) => {
    logger.error({ error: withoutText(error) }, 'a promise failed that nobody waited for');
  });
}

/** What was thrown and where: its text may quote a customer, whose name and street look like any other word. */
function withoutText(thrown: unknown): Error {
  const error: Partial<NodeJS.ErrnoException> = Error.isError(thrown) ? thrown : { name: typeof thrown };
  const { name, code, stack = '' } = error;
  const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
  return Object.assign(new Error(), { name, code, stack: frames.join('\n') });
}

function explain({ name }: AppDefinition, error: unknown): string {
  if (error instanceof ConfigError)
    return `${name} cannot start:\n${error.problems.map((line) => `  ${line}`).join('\n')}`;
  const { code, port, message } = error as Error & { code?: string; port?: number };
  const variable = `${name.toUpperCase()}_PORT`;
  if (code === 'EADDRINUSE') {
    return `${name} cannot start: port ${port ?? ''} is taken. Stop what listens there, or choose another: ${variable}=<port>`;
  }
  if (code === 'ECONNREFUSED') return `${name} cannot start: no database answers at DATABASE_URL`;
  return `${name} cannot start: ${message}`;
}
