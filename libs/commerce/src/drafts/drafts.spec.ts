import {
  EncryptionConfig,
  Metrics,
  OpenLimitConfig,
  OpenLimits,
  readConfig,
  RuntimeConfig,
  Vault,
} from '@biz/platform';
import { ManualClock, testDatabase, times } from '@biz/testing';
import type { TestDatabase } from '@biz/testing';
import { commerceSchema } from '../commerce.schema';
import { numbers } from '../products/product-builders';
import { CountedLeft } from '../products/left';
import type { Product } from '../products/product.dto';
import type { Priced } from '../selection/selection';
import type { NewDraft } from './draft';
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
    new OpenLimits(new OpenLimitConfig(), database.dataSource, clock, new Metrics()),
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
  taxFreeAmount: 0,
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
    taxFreeAmount: 0,
    terms: {},
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

const DAY = 86_400_000;
const due = async () => (await drafts.due(10, [])).map(({ id }) => id);
const erase = (id: string) => database.dataSource.transaction((manager) => drafts.erase(manager, id));

it('keeps the answers for thirty days after it has expired, or for as many as the merchant says', async () => {
  const { draft } = await store();
  const { draft: brief } = await store({ appUserId: '124', retainDays: 1 });
  clock.advance(1_800_000 + DAY - 1);
  expect(await due()).toEqual([]);
  clock.advance(1);
  expect(await due()).toEqual([brief.id]);
  clock.advance(29 * DAY);
  expect(await due()).toEqual([brief.id, draft.id]);
  expect(await drafts.due(1, [brief.id])).toEqual([{ id: draft.id, merchantId: 'demo-shop' }]);
});

it('keeps them anew for as many days from the payment, once', async () => {
  const { draft } = await store({ retainDays: 2 });
  clock.advance(DAY);
  await pay(draft.id, 'order-1');
  clock.advance(DAY);
  await pay(draft.id, 'order-1');
  clock.advance(DAY - 1);
  expect(await due()).toEqual([]);
  clock.advance(1);
  expect(await due()).toEqual([draft.id]);
});

it('forgets the answers, and nothing else, when it is over, and never before', async () => {
  const { draft } = await store();
  expect(await erase(draft.id)).toBe(false);
  clock.advance(1_800_000);
  const before = await drafts.find('demo-shop', draft.id);

  expect(await Promise.all(times(5, () => erase(draft.id)))).toEqual(expect.arrayContaining([true]));

  expect(await erase(draft.id)).toBe(false);
  expect(await drafts.find('demo-shop', draft.id)).toEqual(before);
  const { chosen, ...left } = draft;
  expect(chosen).toEqual(priced.chosen);
  expect(await drafts.findById(draft.id)).toEqual({ ...left, state: 'expired', erasedAt: clock.now() });
  expect(await database.query('SELECT chosen_sealed, fingerprint FROM commerce.drafts')).toEqual([
    { chosen_sealed: null, fingerprint: null },
  ]);
  expect((await store()).created).toBe(true);
});

it('is paid also when money comes after the answers were forgotten; before it, the buyer has to choose again', async () => {
  const { draft } = await store();
  clock.advance(1_800_000);
  await erase(draft.id);
  const offer = { product: mug, left: new CountedLeft(new Map(), []), version: 2 };
  expect(await drafts.priceAgain(draft, offer)).toMatchObject({ ok: false, problems: [{ path: 'chosen' }] });
  expect(await pay(draft.id, 'order-1')).toBe(true);
  expect(await drafts.find('demo-shop', draft.id)).toMatchObject({ state: 'paid', orderRef: 'order-1', total: 24_000 });
});

it('was paid by no other order when it was deleted before its money came', async () => {
  const { draft } = await store();
  await database.query('DELETE FROM commerce.drafts');
  expect(await pay(draft.id, 'order-1')).toBe(true);
  const { draft: other } = await store({ merchantId: 'other-shop' });
  expect(await pay(other.id, 'order-1')).toBe(false);
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
