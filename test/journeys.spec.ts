import { merchants } from '@biz/merchants';
import type { PluginKind } from '@biz/merchant';
import { APP_NAMES } from '@biz/platform';
import { eventually } from '@biz/testing';
import { House } from './house';
import type { Json } from './house';

interface Journey {
  issued?: { merchant: string; for: string[]; reference?: string };
  customers: { appUserId: string; member?: { state: string } }[];
  items: { at: string; app: string; what: string; id: string; state: string; of?: string; appUserId?: string }[];
  complete: boolean;
}

const APPS = APP_NAMES.filter((name) => name !== 'simulator');
let users = 9_007_199_254_741_000n;
const newUser = (): string => String(++users);

/** Task chains of Kakao's (guide 0.6), played by the simulator against the six apps. */
describe('a journey', () => {
  let house: House;

  beforeAll(async () => {
    house = await House.start(merchants, { RETRY_TIME_SCALE: '0.2' });
  });
  afterAll(() => house.stop());

  const issue = async (purpose: PluginKind[], reference: string): Promise<string> => {
    const { status, body } = await house.post(
      'option',
      '/operator/relay-ids',
      { merchant: 'demo-shop', for: purpose, reference },
      { authorization: 'Bearer dev-operator-token' },
    );
    expect(status).toBe(201);
    return String(body.relayId);
  };
  const play = async (kind: string, options: Json): Promise<Record<string, string | undefined>> => {
    const { verdict, facts } = await house.play(kind, options);
    expect(verdict).toMatchObject({ ok: true, violations: [] });
    return facts;
  };
  const journey = async (relayId: string, query = '', app: (typeof APPS)[number] = 'sync'): Promise<Journey> =>
    (await house.operator(app, `journeys/${encodeURIComponent(relayId)}${query}`)).body as unknown as Journey;
  const line = ({ app, what, state }: Journey['items'][number]): string => `${app} ${what} ${state}`;
  const login = (relayId: string, appUserId: string): Promise<unknown> =>
    play('sync', {
      appUserId,
      relayId,
      steps: ['join'],
      continueTo: `kakaotalk://bizplugin?plugin_id=5f6d8f0a1b2c3d4e5f607182&relay_id=${relayId}`,
    });

  it('of Sync, option and payment is one, in time order, in every app', async () => {
    const relayId = await issue(['sync', 'option', 'payment'], 'cart-1');
    const appUserId = newUser();
    const member = { appUserId, relayId };
    await login(relayId, appUserId);
    const { draftId } = await play('option', { ...member, productId: 'mug' });
    await play('payment', { ...member, orderSheetId: draftId });

    const found = await eventually(async () => {
      const seen = await journey(relayId);
      expect(seen.items.map(line)).toContain('option draft paid');
      return seen;
    });

    // The draft and its order are paid in one moment.
    expect(found.items.map(line).filter((each) => each !== 'option draft paid')).toEqual([
      'sync login received',
      'sync login joined',
      'option draft made',
      'payment order open',
      'payment order pending',
      'payment order approving',
      'payment order paid',
    ]);
    expect(found.items.map(({ at }) => at)).toEqual(found.items.map(({ at }) => at).toSorted());
    expect(found.issued).toMatchObject({
      merchant: 'demo-shop',
      for: ['option', 'payment', 'sync'],
      reference: 'cart-1',
    });
    expect(found.customers).toMatchObject([{ appUserId, member: { state: 'joined' } }]);
    expect(found.items.filter(({ what }) => what === 'order').map(({ of }) => of)).toContain(draftId);
    expect(found.items.every((step) => step.appUserId === appUserId)).toBe(true);
    expect(found.complete).toBe(true);
    for (const app of APPS) expect(await journey(relayId, '', app)).toEqual(found);
    // The shop hears its own reference with each of them.
    await eventually(async () => {
      const told = (await house.received()).filter(({ data }) => data.relayId === relayId);
      expect(new Set(told.map(({ type, data }) => `${type} ${String((data.relay as Json).reference)}`))).toEqual(
        new Set(['member.joined cart-1', 'option.selected cart-1', 'payment.paid cart-1']),
      );
    });
  });

  it('of a member begins with what comes next: who joined before goes straight on', async () => {
    const first = await issue(['sync', 'payment'], 'first');
    const again = await issue(['sync', 'payment'], 'again');
    const appUserId = newUser();
    await login(first, appUserId);
    await play('payment', { appUserId, relayId: first, orderSheetId: 'sheet-coffee' });

    await play('payment', { appUserId, relayId: again, orderSheetId: 'sheet-subscription' });
    await login(again, appUserId);

    const steps = (await journey(first)).items.map(line);
    expect(steps.slice(0, 3)).toEqual(['sync login received', 'sync login joined', 'payment order open']);
    const { items, customers } = await journey(again);
    expect(items.map(line)[0]).toBe('payment order open');
    expect(customers).toMatchObject([{ appUserId, member: { state: 'joined' } }]);
    // A login that comes all the same is linked to the member there is.
    const joined = (await house.received('member.joined')).filter(({ data }) => data.appUserId === appUserId);
    expect(joined).toHaveLength(1);
  });

  it('of Sync and option holds an order, too, whose T1 came without the relay id', async () => {
    const relayId = await issue(['sync', 'option'], 'no-relay');
    const appUserId = newUser();
    await login(relayId, appUserId);
    const { draftId } = await play('option', { appUserId, relayId, productId: 'mug' });
    await play('payment', { appUserId, relayId: '', orderSheetId: draftId });

    expect((await journey(relayId)).items.map(line)).toContain('payment order paid');
  });

  it('of one relay id in a message to many can be asked for by customer', async () => {
    const relayId = await issue(['sync', 'payment'], 'to-all');
    const [one, other] = [newUser(), newUser()];
    for (const appUserId of [one, other]) {
      await login(relayId, appUserId);
      await play('payment', { appUserId, relayId, orderSheetId: 'sheet-coffee' });
    }
    expect((await journey(relayId)).customers).toHaveLength(2);
    const mine = await journey(relayId, `?appUserId=${one}`);
    expect(mine.customers).toMatchObject([{ appUserId: one }]);
    expect(new Set(mine.items.map(({ appUserId }) => appUserId))).toEqual(new Set([one]));
  });

  it('holds captures and foreign relay ids too, says nothing of what was in them, and is empty when nothing happened', async () => {
    const relayId = `용도/${newUser()}`;
    for (const kind of ['profile', 'location', 'image']) await play(kind, { relayId: encodeURIComponent(relayId) });
    const found = await eventually(async () => {
      const seen = await journey(encodeURIComponent(relayId));
      expect(seen.items.filter(({ state }) => state === 'delivered')).toHaveLength(3);
      return seen;
    });
    expect(new Set(found.items.map(({ app }) => app))).toEqual(new Set(['profile', 'location', 'image']));
    expect(found.issued).toBeUndefined();
    expect(found.customers).toEqual([]);
    expect(Object.keys(Object.assign({}, ...found.items) as Json).toSorted()).toEqual(
      ['app', 'at', 'id', 'merchant', 'of', 'state', 'what'].toSorted(),
    );
    expect(await journey('nobody-used-this')).toMatchObject({ items: [], customers: [], complete: true });
    expect((await house.get('sync', '/operator/journeys/x')).status).toBe(401);
  });

  it('begins at a link of the shop’s own: Kakao’s consent screen, with state and PKCE', async () => {
    const relayId = await issue(['sync'], 'banner');
    const start = await fetch(`${house.url('sync')}/start?relay_id=${relayId}`, { redirect: 'manual' });
    const cookie = (start.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const consent = await fetch(start.headers.get('location') ?? '', { redirect: 'manual' });
    const back = consent.headers.get('location') ?? '';
    expect(back).toContain(`${house.url('sync')}/callback?code=`);

    const answer = await fetch(back, { headers: { cookie }, redirect: 'manual' });

    expect([answer.status, await answer.json()]).toEqual([200, { status: 200 }]);
    expect((await journey(relayId)).items.map(line)).toEqual(['sync login received', 'sync login joined']);
    const again = await fetch(back, { redirect: 'manual' });
    expect(again.status).toBe(200);
    expect((await journey(relayId)).items.map(line)).toContain('sync login received');
  });

  it('is read by indexes alone', async () => {
    for (const [schema, table, index] of [
      ['payment', 'orders', 'orders_by_relay'],
      ['commerce', 'drafts', 'drafts_by_relay'],
      ['capture', 'captures', 'captures_by_relay'],
      ['sync', 'logins', 'logins_by_relay'],
    ] as const) {
      const plan = await house.database.query(
        `EXPLAIN SELECT id FROM ${schema}.${table} WHERE relay_id = 'x' ORDER BY id LIMIT 200`,
      );
      expect(JSON.stringify(plan)).toContain(index);
    }
  });
});
