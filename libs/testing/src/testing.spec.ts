import { Module } from '@nestjs/common';
import type { AppDefinition } from '@biz/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { repeated } from './eventually';
import { eventually, HttpStub, ManualClock, startTestApp, testDatabase, times } from './index';

class Notes1763900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SCHEMA notes');
    await runner.query('CREATE TABLE notes.notes (text text)');
  }
  down(): Promise<void> {
    return Promise.resolve();
  }
}
const notes = { schema: 'notes', entities: [], migrations: [Notes1763900000000] };

@Module({})
class EmptyModule {}
const app: AppDefinition = { name: 'profile', title: 'Notes', description: '', schemas: [notes], module: EmptyModule };

describe('testDatabase', () => {
  it('gives every caller a migrated database of its own', async () => {
    const [one, two] = await Promise.all([testDatabase(notes), testDatabase(notes)]);
    await one.query('INSERT INTO notes.notes VALUES ($1)', ['one']);

    expect(await one.query('SELECT text FROM notes.notes')).toEqual([{ text: 'one' }]);
    expect(await two.query('SELECT text FROM notes.notes')).toEqual([]);

    await Promise.all([one.drop(), two.drop()]);
  });
});

describe('startTestApp', () => {
  it('serves an app on a free port until it is closed', async () => {
    const database = await testDatabase(notes);
    const running = await startTestApp(app, { database });

    expect((await fetch(`${running.url}/health/ready`)).status).toBe(200);

    await running.close();
    await expect(fetch(`${running.url}/health/ready`)).rejects.toThrow();
    await database.drop();
  });
});

describe('HttpStub', () => {
  it('answers by route, records every request, and can drop the connection', async () => {
    const stub = await HttpStub.start();
    stub.on('POST /orders/:id', ({ params, json }) => ({ status: 201, json: { id: params.id, got: json() } }));
    stub.on('GET /before', { dropBefore: true });
    stub.on('GET /after', { text: 'half of this', dropAfter: true });

    const answer = await fetch(`${stub.url}/orders/7?x=1`, { method: 'POST', body: '{"a":1}' });
    expect([answer.status, await answer.json()]).toEqual([201, { id: '7', got: { a: 1 } }]);
    expect((await fetch(`${stub.url}/nothing`)).status).toBe(404);
    await expect(fetch(`${stub.url}/before`)).rejects.toThrow();
    await expect(fetch(`${stub.url}/after`).then((half) => half.text())).rejects.toThrow();

    expect(stub.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /orders/7',
      'GET /nothing',
      'GET /before',
      'GET /after',
    ]);
    await stub.close();
  });
});

it('waits for an expectation, and reports it when it never holds', async () => {
  let calls = 0;
  await eventually(() => {
    expect(++calls).toBe(3);
  });
  await expect(
    repeated(() => {
      expect('this').toBe('that');
    }, 20),
  ).rejects.toThrow('that');
});

it('moves a clock by hand', () => {
  const clock = new ManualClock('2026-01-01T00:00:00Z');
  clock.advance(1_500);
  expect(clock.now().toISOString()).toBe('2026-01-01T00:00:01.500Z');
  expect(times(3, (index) => index)).toEqual([0, 1, 2]);
});
