import { commerceSchema } from '@biz/commerce';
import { testDatabase, type TestDatabase } from '@biz/testing';
import { paymentSchema } from '../src/payment.schema';

describe('the payment schema', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase(commerceSchema, paymentSchema);
  });
  afterAll(() => database.drop());

  it('is what the entities say', async () => {
    const { upQueries } = await database.dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('keeps history and attempts from being changed or deleted', async () => {
    await database.query(
      `INSERT INTO payment.orders (id, merchant, sheet_id, app_user_id, state, item_name, quantity, total_amount, tax_free_amount,
         vat_amount, use_shipping, terms, stock_lines, expires_at, created_at, updated_at)
       VALUES ('00000000-0000-0000-0000-000000000001', 'm', 's', 'u', 'open', 'i', 1, 1, 0, 0, false, '{}', '[]', now(), now(), now())`,
    );
    await database.query(
      `INSERT INTO payment.history (id, order_id, subject, subject_id, to_state, actor, note, at)
       SELECT id, id, 'order', id, 'open', 'kakao', 'T1', now() FROM payment.orders`,
    );
    await expect(database.query(`UPDATE payment.history SET note = 'nothing happened'`)).rejects.toThrow(
      'payment.history is never changed or deleted from',
    );
    await expect(database.query(`DELETE FROM payment.history`)).rejects.toThrow('never changed or deleted');
  });
});
