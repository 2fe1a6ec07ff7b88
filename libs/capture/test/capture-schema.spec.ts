import { testDatabase } from '@biz/testing';
import { captureSchema } from '@biz/capture';

describe('the schema capture', () => {
  it('is what the entities say', async () => {
    const database = await testDatabase(captureSchema);
    try {
      const { upQueries } = await database.dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await database.drop();
    }
  });
});
