import { EncryptionConfig, readConfig, RuntimeConfig, Vault } from '@biz/platform';
import { ManualClock, testDatabase, times } from '@biz/testing';
import type { TestDatabase } from '@biz/testing';
import { commerceSchema } from '../commerce.schema';
import { numbers } from '../products/product-builders';
import type { Product } from '../products/product.dto';
import type { Priced } from '../selection/selection';
import type { NewDraft } from './drafts';
import { Drafts } from './drafts';
import { DraftsConfig } from './drafts.config';

let database: TestDatabase;
let drafts: Drafts;
const clock = new ManualClock();

beforeAll(async () => {
  database = await testDatabase(commerceSchema);
  drafts = new Drafts(
    database.dataSource,
    new Vault(readConfig(EncryptionConfig, {})),
    clock,
    new DraftsConfig(),
    readConfig(RuntimeConfig, {}),
  );
});
afterAll(() => database.drop());
beforeEach(() => database.query('DELETE FROM commerce.drafts'));

const mug: Product = {
  id: 'mug',
  name: '머그컵',
  kind: 'commerce',
  price: 12_000,
  useShipping: true,
  groups: [numbers('연락처', { minLength: 10, maxLength: 11 })],
};
const priced: Priced = {
  quantity: 2,
  total: 24_000,
  chosen: [{ groupId: '연락처', group: '연락처', kind: 'numbers', text: '01012345678' }],
  lines: [{ productId: 'mug', sku: 'mug', quantity: 2 }],
};
const store = (changes: Partial<NewDraft> = {}) =>
  database.dataSource.transaction((manager) =>
    drafts.store(manager, {
      merchantId: 'demo-shop',
      appUserId: '123',
      relayId: 'relay-1',
      product: mug,
      productVersion: 1,
      priced,
      ...changes,
    }),
  );
const pay = (id: string, orderRef: string) =>
  database.dataSource.transaction((manager) => drafts.markPaid(manager, 'demo-shop', id, orderRef));

it('gives payment what it needs, and not what the customer answered', async () => {
  const { draft } = await store();
  expect(await drafts.find('demo-shop', draft.id)).toEqual({
    id: draft.id,
    merchantId: 'demo-shop',
    state: 'open',
    productVersion: 1,
    unchanged: false,
    short: true,
    appUserId: '123',
    relayId: 'relay-1',
    productId: 'mug',
    productName: '머그컵',
    productKind: 'commerce',
    quantity: 2,
    total: 24_000,
    useShipping: true,
    lines: priced.lines,
    createdAt: clock.now(),
    expiresAt: new Date(clock.now().getTime() + 1_800_000),
  });
});

it('answers the same draft to the same selection of the same user and relay id, twenty at once', async () => {
  const stored = await Promise.all(times(20, () => store()));

  expect(new Set(stored.map(({ draft }) => draft.id)).size).toBe(1);
  expect(stored.filter(({ created }) => created)).toHaveLength(1);
});

it.each<[string, Partial<NewDraft>]>([
  ['user', { appUserId: '124' }],
  ['relay id', { relayId: 'relay-2' }],
  ['merchant', { merchantId: 'other-shop' }],
  ['quantity', { priced: { ...priced, quantity: 1, total: 12_000 } }],
  ['answer', { priced: { ...priced, chosen: [] } }],
])('makes another draft for another %s', async (_, changes) => {
  const { draft } = await store();
  const other = await store(changes);
  expect(other.created).toBe(true);
  expect(other.draft.id).not.toBe(draft.id);
});

it('does not take two strangers for one', async () => {
  const stranger = { appUserId: undefined, relayId: undefined };
  const [one, two] = [await store(stranger), await store(stranger)];
  expect(one.draft.id).not.toBe(two.draft.id);
});

it('starts anew when the draft has expired, and once for many', async () => {
  const { draft } = await store();
  clock.advance(1_799_000);
  expect((await store()).draft.id).toBe(draft.id);
  clock.advance(1_000);
  expect(await drafts.find('demo-shop', draft.id)).toMatchObject({ state: 'expired' });

  const anew = await Promise.all(times(10, () => store()));

  expect(new Set(anew.map(({ draft: { id } }) => id)).size).toBe(1);
  expect(anew[0]?.draft.id).not.toBe(draft.id);
  expect(await drafts.find('demo-shop', draft.id)).toMatchObject({ state: 'expired' });
});

it('is paid by one order only, and starts anew afterwards', async () => {
  const { draft } = await store();

  expect(await Promise.all(times(10, (at) => pay(draft.id, `order-${at}`)))).toHaveLength(10);
  const paid = await drafts.find('demo-shop', draft.id);
  expect(paid).toMatchObject({ state: 'paid', paidAt: clock.now() });
  expect(await pay(draft.id, paid?.orderRef ?? '')).toBe(true);
  expect(await pay(draft.id, 'order-10')).toBe(false);

  expect((await store()).draft.id).not.toBe(draft.id);
});

it('keeps answers out of the table in plain', async () => {
  await store();
  const rows = await database.query('SELECT * FROM commerce.drafts');
  expect(JSON.stringify(rows)).not.toContain('01012345678');
});

it('finds nothing under another merchant, an unknown id or a word', async () => {
  const { draft } = await store();
  expect(await drafts.find('other-shop', draft.id)).toBeUndefined();
  expect(await drafts.find('demo-shop', '00000000-0000-7000-8000-000000000000')).toBeUndefined();
  expect(await drafts.find('demo-shop', 'sheet-coffee')).toBeUndefined();
  expect(await pay('sheet-coffee', 'order-1')).toBe(false);
});
