import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createDataSource, migrate, openDatabase, pendingMigrations } from '@biz/platform';
import type { SchemaOwner } from '@biz/platform';
import { testDatabase, times } from '@biz/testing';
import type { TestDatabase } from '@biz/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';

class Cups1790000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SCHEMA tea');
    await runner.query('CREATE TABLE tea.cups (id integer PRIMARY KEY)');
    await runner.query('SELECT pg_sleep(0.1)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA tea CASCADE');
  }
}
class Saucers1790000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE tea.saucers (id integer PRIMARY KEY)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE tea.saucers');
  }
}
class Broken1790000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE tea.spoons (id integer PRIMARY KEY)');
    await runner.query('SELECT no_such_function()');
  }
  async down(): Promise<void> {
    // Never applied.
  }
}

const owner = (...migrations: SchemaOwner['migrations']): SchemaOwner => ({ schema: 'tea', entities: [], migrations });

describe('a database that is not there yet', () => {
  it('is waited for, also when it only hangs up', async () => {
    const database = await testDatabase();
    const { hostname, port } = new URL(database.url);
    let callers = 0;
    const way = createServer((client) => {
      if (++callers === 1) {
        client.destroy();
        return;
      }
      const server = connect(Number(port), hostname);
      client.pipe(server).pipe(client);
      for (const each of [client, server]) each.on('error', () => undefined);
    });
    await once(way.listen(0, '127.0.0.1'), 'listening');
    const url = new URL(database.url);
    url.port = String((way.address() as AddressInfo).port);
    const opened = await openDatabase({ url: url.href, poolSize: 2, silentMs: 5_000, name: 'test', schemas: [] });
    expect([callers > 1, await opened.query('SELECT 1 AS here')]).toEqual([true, [{ here: 1 }]]);
    await opened.destroy();
    way.close();
    await database.drop();
  });
});

describe('migrations', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await testDatabase();
  });
  afterEach(() => database.drop());

  const options = (schema: SchemaOwner): Parameters<typeof openDatabase>[0] => ({
    url: database.url,
    poolSize: 3,
    // Less than these migrations take.
    silentMs: 50,
    name: 'test',
    schemas: [schema],
  });

  it('are applied once when eight instances start on an empty database at once', async () => {
    const schema = owner(Cups1790000000001, Saucers1790000000002);
    const sources = await Promise.all(times(8, () => openDatabase(options(schema))));
    const applied = await database.query('SELECT name FROM platform.migrations ORDER BY id');
    expect(applied).toEqual([{ name: 'Cups1790000000001' }, { name: 'Saucers1790000000002' }]);
    await Promise.all(sources.map((source) => source.destroy()));
  });

  it('leave what came before when one fails, and nothing half done', async () => {
    await expect(openDatabase(options(owner(Cups1790000000001, Broken1790000000003)))).rejects.toThrow(
      'no_such_function',
    );
    expect(
      await database.query(`SELECT to_regclass('tea.cups')::text AS cups, to_regclass('tea.spoons') AS spoons`),
    ).toEqual([{ cups: 'tea.cups', spoons: null }]);
  });

  it('of another owner do not count as pending', async () => {
    const first = await openDatabase(options(owner(Cups1790000000001)));
    const both = await createDataSource(options(owner(Cups1790000000001, Saucers1790000000002))).initialize();
    expect(await pendingMigrations(first)).toEqual([]);
    expect(await pendingMigrations(both)).toEqual(['Saucers1790000000002']);
    expect(await migrate(both)).toEqual(['Saucers1790000000002']);
    expect(await migrate(both)).toEqual([]);
    await Promise.all([first.destroy(), both.destroy()]);
  });
});
