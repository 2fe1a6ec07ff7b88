import { afterCommit } from '@biz/platform';
import { testDatabase } from '@biz/testing';
import type { TestDatabase } from '@biz/testing';

describe('what is done after a commit', () => {
  let database: TestDatabase;
  let done: string[];
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(() => {
    done = [];
  });

  it('is done once, after the outermost commit', async () => {
    await database.dataSource.transaction(async (manager) => {
      afterCommit(manager, () => done.push('first'));
      await manager.transaction((inner) => {
        afterCommit(inner, () => done.push('second'));
        return Promise.resolve();
      });
      await manager.query('SELECT 1');
      expect(done).toEqual([]);
    });
    expect(done).toEqual(['first', 'second']);
    await database.dataSource.transaction((manager) => manager.query('SELECT 1'));
    expect(done).toEqual(['first', 'second']);
  });

  it('is not done when the transaction is rolled back', async () => {
    const failing = database.dataSource.transaction((manager) => {
      afterCommit(manager, () => done.push('never'));
      return Promise.reject(new Error('no'));
    });
    await expect(failing).rejects.toThrow('no');
    expect(done).toEqual([]);
  });

  it('cannot be asked for outside a transaction', () => {
    expect(() => {
      afterCommit(database.dataSource.manager, () => undefined);
    }).toThrow('outside a transaction');
  });
});
