import type { Pool, PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import type { TestApp } from './test-app';

/** One statement as an app sent it. */
export interface Statement {
  text: string;
  values: unknown[];
}

/** Hears every statement that an app sends from now on, BEGIN and COMMIT too; those of its queue go another way. */
export function listenToStatements(app: Pick<TestApp, 'get'>, hear: (statement: Statement) => void): void {
  const { master } = app.get<DataSource>(DataSource).driver as unknown as { master: Pool };
  const heard = new WeakSet<PoolClient>();
  master.on('acquire', (client) => {
    if (heard.has(client)) return;
    heard.add(client);
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => {
      const given = args[0] as string | { text: string; values?: unknown[] };
      const [text, values] = typeof given === 'string' ? [given, args[1]] : [given.text, given.values];
      hear({ text: text.trim(), values: (values ?? []) as unknown[] });
      return query(...args);
    }) as typeof client.query;
  });
}
