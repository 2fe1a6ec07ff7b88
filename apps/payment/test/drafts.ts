import { randomUUID } from 'node:crypto';
import { Vault } from '@biz/platform';
import type { World } from './world';

/** What option T2 leaves behind. */
export async function draft(world: World, user: string, stock: object[] = []): Promise<string> {
  const id = randomUUID();
  await world.database.query(
    `INSERT INTO commerce.products (merchant_id, id, kakao_id, definition)
     VALUES ('first', 'shirt', 'shirt', '{"id":"shirt","name":"티셔츠","kind":"commerce","price":12000,"maxQuantity":9,"groups":[]}')
     ON CONFLICT DO NOTHING`,
  );
  await world.database.query(
    `INSERT INTO commerce.drafts (id, merchant_id, app_user_id, product_id, product_version, product_name, product_kind, quantity, total,
       use_shipping, lines, chosen_sealed, expires_at)
     VALUES ($1, 'first', $2, 'shirt', 1, '티셔츠', 'commerce', 2, 24000, false, $3, $4, now() + interval '1 hour')`,
    [id, user, JSON.stringify(stock), await world.app.get<Vault>(Vault).seal('[]', 'commerce.draft')],
  );
  return id;
}
