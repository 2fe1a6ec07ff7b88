import { prepared } from '@biz/platform';
import { testDatabase } from '@biz/testing';
import type { TestDatabase } from '@biz/testing';

describe('a prepared statement', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await testDatabase();
    await database.query('CREATE TABLE cups (id integer PRIMARY KEY, colour text)');
  });
  afterEach(() => database.drop());

  const add = `INSERT INTO cups (id, colour) SELECT * FROM unnest($1::integer[], $2::text[]) RETURNING id`;

  it('is planned once for each connection, and answers its rows', async () => {
    const { dataSource } = database;
    await dataSource.transaction(async (manager) => {
      for (const id of [1, 2, 3]) expect(await prepared(manager, add, [[id], ['white']])).toEqual([{ id }]);
      const kept = `SELECT generic_plans + custom_plans AS times, name FROM pg_prepared_statements WHERE statement = $1`;
      expect(await manager.query(kept, [add])).toEqual([
        { times: '3', name: expect.stringMatching(/^biz-[0-9a-f]{24}$/) as string },
      ]);
    });
  });

  it('belongs to the transaction it is given', async () => {
    const { dataSource } = database;
    const undone = dataSource.transaction(async (manager) => {
      await prepared(manager, add, [[1], ['white']]);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await prepared(dataSource, add, [[2], ['blue']]);
    await prepared(dataSource.manager, add, [[3], ['red']]);
    expect(await database.query('SELECT id FROM cups ORDER BY id')).toEqual([{ id: 2 }, { id: 3 }]);
  });

  it('fails as a query does, with the constraint that was violated, and can be run again', async () => {
    const { dataSource } = database;
    await prepared(dataSource, add, [[1], ['white']]);
    await expect(prepared(dataSource, add, [[1], ['blue']])).rejects.toMatchObject({
      name: 'QueryFailedError',
      driverError: { constraint: 'cups_pkey', code: '23505' },
    });
    expect(await prepared(dataSource, add, [[2], ['blue']])).toEqual([{ id: 2 }]);
  });

  it('goes on after a migration has added a column', async () => {
    const { dataSource } = database;
    const read = 'SELECT id, colour FROM cups';
    await dataSource.transaction(async (manager) => {
      for (let times = 0; times < 6; times++) await prepared(manager, read, []);
      await manager.query('ALTER TABLE cups ADD size integer');
      expect(await prepared(manager, read, [])).toEqual([]);
    });
  });
});
