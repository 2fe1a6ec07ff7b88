import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Vault } from '@biz/platform';
import { eventually, times } from '@biz/testing';
import { BOT_USER, skillPayload, TOLD_BOT_USER } from '../../../libs/capture/test/skill';
import { OPERATOR } from '../../../libs/capture/test/stage';
import type { Answer, Stage } from '../../../libs/capture/test/stage';
import { Gallery, jpeg } from './gallery';
import type { FileFacts } from './gallery';

describe('images that are erased', () => {
  let gallery: Gallery;
  let stage: Stage;
  beforeAll(async () => {
    gallery = await Gallery.open({ IMAGE_LINK_SECONDS: '60' });
    ({ stage } = gallery);
  });
  beforeEach(() => {
    stage.shop.on('POST /hook', { status: 204 });
  });
  afterAll(() => gallery.close());

  const rowsOf = (id: string): Promise<object[]> =>
    stage.database.query(
      'SELECT DISTINCT state, sealed_url, sealed_key, size, sha256 FROM capture.files WHERE capture_id = $1',
      [id],
    );
  const ERASED = { state: 'erased', sealed_url: null, sealed_key: null, size: null, sha256: null };

  it('when consent was for one time: as soon as the links that the shop was sent have ended', async () => {
    const content = jpeg(5_000);
    const otp = gallery.offer([{ original: gallery.image(() => ({ body: content })) }]);
    await stage.callback(otp, 'one-time', '/callback/once');
    const { id } = await stage.reaches('one-time', 'delivered');
    const { href } = gallery.filesOf('one-time')[0]!;
    stage.clock.advance(59_999);
    expect(Buffer.from(await (await fetch(href!)).arrayBuffer()).equals(content)).toBe(true);
    stage.clock.advance(1);
    await stage.reaches('one-time', 'erased');
    expect((await fetch(href!)).status).toBe(410);
    expect(await rowsOf(id)).toEqual([ERASED]);
    await eventually(async () => {
      expect(await gallery.filesOnDisk(id)).toEqual([]);
    });
  });

  it('with the customer whom the chat bot named: the shop and operators knew them, then nothing is left', async () => {
    const url = gallery.image(() => ({ body: jpeg(500) }));
    const body = skillPayload({ params: { secureimage: JSON.stringify({ secureUrls: url }) } });
    const relay = { 'x-kakao-plugin-relay-id': 'named' };
    expect((await stage.post('/skill/receipt', body, relay)).body).toMatchObject({ version: '2.0' });
    const { id } = await stage.reaches('named', 'delivered');
    expect(stage.events('named')).toMatchObject([{ type: 'image.received', data: { user: TOLD_BOT_USER } }]);
    const look = await stage.operator('GET', `/captures/${id}`, { 'x-access-reason': 'refund' });
    expect(look.body.personalData).toMatchObject({ user: { ...TOLD_BOT_USER, asSent: JSON.stringify(BOT_USER) } });
    expect(await gallery.looksAt(id)).toMatchObject([{ what: 'details', reason: 'refund' }]);
    expect(await stage.inTheClear()).not.toMatch(/9007199254740993|h3kT9Xq0aBcD|a1f3c8e2/);

    await stage.operator('DELETE', `/captures/${id}`);
    const again = await stage.operator('GET', `/captures/${id}`, { 'x-access-reason': 'refund' });
    expect(again.body).not.toHaveProperty('personalData');
    const row = 'SELECT sealed_user, sealed_otp, sealed_answer FROM capture.captures WHERE id = $1';
    expect(await stage.database.query(row, [id])).toEqual([
      { sealed_user: null, sealed_otp: null, sealed_answer: null },
    ]);
    // The same result after its erasure brings no customer back.
    await stage.post('/skill/receipt', body, relay);
    expect(await stage.database.query(row, [id])).toMatchObject([{ sealed_user: null }]);
  });

  /** Two pictures, one of which Kakao holds back until it is `up`; the shop is told of the other. */
  async function captured(relayId: string, path: string, state: string): Promise<{ id: string; up: () => void }> {
    let isUp = false;
    const late = gallery.image(() => (isUp ? { body: jpeg(700) } : { status: 503 }));
    const here = gallery.image(() => ({ body: jpeg(600) }));
    await stage.callback(
      gallery.offer([{ original: here }, { original: late }], '2026-11-24T03:00:00Z'),
      relayId,
      path,
    );
    await eventually(async () => {
      const rows = await stage.database.query(
        `SELECT FROM capture.files JOIN capture.captures ON captures.id = capture_id
          WHERE relay_id = $1 AND (files.state = 'stored' OR problem IS NOT NULL)`,
        [relayId],
      );
      expect(rows).toHaveLength(2);
    });
    // Ten minutes.
    stage.clock.advance(6_000);
    const { id } = await stage.reaches(relayId, state);
    return { id, up: () => (isUp = true) };
  }

  it('when consent was for one time and a missing image came later: not before the links to all of them have ended', async () => {
    const { id, up } = await captured('one-time-again', '/callback/once', 'delivered');
    stage.clock.advance(59_000);
    up();
    expect((await stage.operator('POST', `/captures/${id}/retry`)).status).toBe(200);
    const { eraseAt } = await stage.reaches('one-time-again', 'delivered');
    const [first, second] = gallery.filesOf('one-time-again') as (FileFacts & { hrefExpiresAt: string })[];
    expect([first!.hrefExpiresAt, second!.hrefExpiresAt]).toEqual([eraseAt, eraseAt]);
    stage.clock.advance(60_000);
    await stage.reaches('one-time-again', 'erased');
    expect(stage.events('one-time-again')).toHaveLength(2);
  });

  it('not when the shop has but the event before the last one: that it has all is said once it has', async () => {
    let taken: string[] = [];
    stage.shop.on('POST /hook', ({ headers }) => ({
      status: taken.includes(String(headers['webhook-id'])) ? 204 : 503,
    }));
    const { id, up } = await captured('asked-again', '/callback/once', 'redeemed');
    const events = (): Promise<{ id: string; state: string }[]> =>
      stage.database.query('SELECT id, state FROM merchant.deliveries WHERE subject = $1 ORDER BY place', [id]);
    up();
    expect((await stage.operator('POST', `/captures/${id}/retry`)).status).toBe(200);
    await stage.reaches('asked-again', 'redeemed');
    const [first, second] = await events();
    taken = [first!.id];
    await stage.asTimeGoesBy(async () => {
      expect((await events()).map(({ state }) => state)).toEqual(['delivered', 'pending']);
    });
    expect((await stage.capture('asked-again')).state).toBe('redeemed');
    taken = [second!.id];
    await stage.asTimeGoesBy(async () => {
      expect((await stage.capture('asked-again')).state).toBe('delivered');
    });
  });

  it('while they are fetched: nothing of them is kept, told or left in the store', async () => {
    const releases: (() => void)[] = [];
    const slow = (): string =>
      gallery.image(async () => {
        await new Promise<void>((resolve) => releases.push(resolve));
        return { body: jpeg(20_000) };
      });
    await stage.callback(
      gallery.offer([
        ...times(3, () => ({ original: slow() })),
        { original: gallery.image(() => ({ body: jpeg(900) })) },
      ]),
      'fetched',
    );
    const { id } = await stage.capture('fetched');
    await eventually(async () => {
      expect([releases.length, (await gallery.filesOnDisk(id)).length]).toEqual([3, 1]);
    });
    expect((await stage.operator('DELETE', `/captures/${id}`)).body.state).toBe('erased');
    for (const release of releases) release();
    await eventually(() => {
      // One whose folder is removed just as it is taken over counts as not fetched; the fourth too, when its file was there
      // and its row not yet.
      const ends = stage.logs.filter((line) => line.includes(id) && /image (came too late|not fetched)/.test(line));
      expect(ends.length).toBeGreaterThanOrEqual(3);
    });
    await eventually(async () => {
      expect(await gallery.filesOnDisk(id)).toEqual([]);
    });
    expect(await readdir(join(gallery.store, '.incoming'))).toEqual([]);
    expect(await rowsOf(id)).toEqual([ERASED]);
    expect([(await stage.capture('fetched')).state, stage.events('fetched')]).toEqual(['erased', []]);
  });

  it('while one is read by its link: who reads it reads on, who comes next is told that it is gone', async () => {
    const content = jpeg(8_000_000);
    await stage.callback(gallery.offer([{ original: gallery.image(() => ({ body: content })) }]), 'read');
    const { id } = await stage.reaches('read', 'delivered');
    const { href } = gallery.filesOf('read')[0]!;
    const reader = (await fetch(href!)).body!.getReader();
    const pieces = [(await reader.read()).value!];
    expect((await stage.operator('DELETE', `/captures/${id}`)).body.state).toBe('erased');
    await eventually(async () => {
      expect(await gallery.filesOnDisk(id)).toEqual([]);
    });
    for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
    expect((await fetch(href!)).status).toBe(410);
    expect((await stage.operator('POST', `/captures/${id}/links`, { 'x-access-reason': 'r' })).status).toBe(404);
  });

  it.each([
    ['the shop', 410],
    ['an operator', 404],
  ])('while %s is about to read one: that it is gone is the answer (%i)', async (who, status) => {
    await stage.callback(gallery.offer([{ original: gallery.image(() => ({ body: jpeg(900) })) }]), who);
    const { id } = await stage.reaches(who, 'delivered');
    const { id: file, href } = gallery.filesOf(who)[0]!;
    const read = (): Promise<Response> =>
      who === 'the shop'
        ? fetch(href!)
        : fetch(`${stage.app.url}/operator/captures/${id}/files/${file}`, {
            headers: { ...OPERATOR, 'x-access-reason': 'r' },
          });
    // Whoever reads has seen the row, and is about to note the look.
    const other = stage.database.dataSource.createQueryRunner();
    await other.startTransaction();
    await other.query('LOCK TABLE privacy.accesses IN EXCLUSIVE MODE');
    const answer = read();
    await eventually(async () => {
      expect(
        await stage.database.query(
          `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
            WHERE relation = 'privacy.accesses'::regclass AND NOT granted AND datname = current_database()`,
        ),
      ).not.toEqual([]);
    });
    await stage.operator('DELETE', `/captures/${id}`);
    await eventually(async () => {
      expect(await gallery.filesOnDisk(id)).toEqual([]);
    });
    await other.commitTransaction();
    await other.release();
    expect([(await answer).status, (await read()).status]).toEqual([status, status]);
    expect(stage.logs.join('')).not.toContain('request failed');
  });

  describe('beside the storage quota of a merchant (100,000 bytes)', () => {
    const PATH = '/m/other-shop-unguessable-key/callback';
    const sizes = (relayId: string): unknown[] =>
      gallery.filesOf(relayId).map(({ state, failure }) => failure ?? state);
    const give = async (relayId: string, count: number, path = PATH): Promise<void> => {
      const urls = times(count, () => ({ original: gallery.image(() => ({ body: jpeg(25_000) })) }));
      await stage.callback(gallery.offer(urls, '2026-11-30T00:00:00Z'), relayId, path);
    };
    const asked = (): number => stage.kakao.requests.filter(({ path }) => path.startsWith('/dna/')).length;
    const used = async (): Promise<string> => {
      stage.clock.advance(15_000);
      return (await (await fetch(`${stage.app.url}/metrics`)).text())
        .split('\n')
        .filter((line) => /^image_store_\w+_bytes\{merchant="other-shop"\}/.test(line))
        .map((line) => line.replace(/^image_store_(\w+)_bytes.* /, '$1 '))
        .join();
    };

    it('keeps what fits, whatever comes at once, names the rest, and downloads nothing once it is full', async () => {
      await give('many', 10);
      await stage.reaches('many', 'delivered');
      expect(sizes('many').sort()).toEqual([...times(6, () => 'quota-exceeded'), ...times(4, () => 'stored')]);
      const { id } = await stage.capture('many');
      expect(await gallery.filesOnDisk(id)).toHaveLength(4);
      expect(await used()).toBe('used 100000,quota 100000');

      const before = asked();
      await give('full', 2);
      const full = await stage.reaches('full', 'failed');
      expect(full).toMatchObject({ failure: 'no-image-stored' });
      expect(asked()).toBe(before);
      expect((await stage.operator('GET', `/captures/${full.id}`)).body.files).toMatchObject([
        { state: 'failed', failure: 'quota-exceeded' },
        { state: 'failed', failure: 'quota-exceeded' },
      ]);
      const lines = stage.logs.filter((line) => line.includes('image quota'));
      expect(lines.map((line) => (JSON.parse(line) as { merchant: string }).merchant)).toContain('other-shop');
      expect(lines.length).toBeLessThan(3);
    });

    it('is no concern of another merchant', async () => {
      await give('roomy', 10, '/callback');
      await stage.reaches('roomy', 'delivered');
      expect(sizes('roomy')).toEqual(times(10, () => 'stored'));
    });

    it('is given back by erasure', async () => {
      const { id } = await stage.capture('many');
      await stage.operator('DELETE', `/captures/${id}`);
      expect(await used()).toBe('used 0,quota 100000');
      await give('again', 2);
      await stage.reaches('again', 'delivered');
      expect(sizes('again')).toEqual(['stored', 'stored']);
      expect(await used()).toBe('used 50000,quota 100000');
    });
  });

  it('not before a later version has understood what a skill sent, when an operator asks it to read that again', async () => {
    const relay = { 'x-kakao-plugin-relay-id': 'read-again' };
    await stage.post('/skill/receipt', skillPayload({ params: { secureimage: 'not understood' } }), relay);
    const { id } = await stage.reaches('read-again', 'failed');
    const secureimage = `List(${gallery.image(() => ({ body: jpeg(500) }))})`;
    await stage.database.query('UPDATE capture.captures SET sealed_unread = $2 WHERE id = $1', [
      id,
      await stage.app.get(Vault).seal(JSON.stringify(skillPayload({ params: { secureimage } })), 'capture.answer'),
    ]);
    expect((await stage.operator('POST', `/captures/${id}/retry`)).status).toBe(200);
    await stage.reaches('read-again', 'delivered');
    expect(stage.events('read-again')).toMatchObject([
      { type: 'capture.failed', data: { reason: 'unreadable-answer', user: TOLD_BOT_USER } },
      { type: 'image.received', data: { files: [{ state: 'stored' }], user: TOLD_BOT_USER } },
    ]);
  });

  // Last: days go by, after which no other offer of this file would last.
  const url = 'https://pictures.example/dna/1.jpg';
  it.each<[string, unknown]>([
    ['no secureUrls', { privacyAgreement: 'Y', imageQuantity: '2' }],
    ['secureUrls that are a number', { secureUrls: 5 }],
    ['an empty list', { secureUrls: 'List()' }],
    ['a list of no addresses', { secureUrls: 'List(one, two)' }],
    ['a list in another form', { secureUrls: `Set{${url}}` }],
    ['an address of another origin', { secureUrls: url }],
    ['no JSON', '{"secureUrls":"List('],
  ])('with a skill payload of which nothing was understood (%s): kept for a look, then gone', async (what, value) => {
    const origin = typeof value === 'string' ? value : JSON.stringify(value);
    const payload = skillPayload({ detailParams: { secureimage: { origin } } });
    const { status, body } = await stage.post('/skill/receipt', payload, {
      'x-kakao-plugin-relay-id': what,
    });
    const text = '보내 주신 사진을 받지 못했습니다. 다시 보내 주시거나 판매자에게 문의해 주세요.';
    expect([status, body]).toEqual([200, { version: '2.0', template: { outputs: [{ simpleText: { text } }] } }]);
    const { id, failure } = await stage.reaches(what, 'failed');
    expect(failure).toBe('unreadable-answer');
    const look = (): Promise<Answer> => stage.operator('GET', `/captures/${id}`, { 'x-access-reason': 'look' });
    expect((await look()).body.personalData).toMatchObject({ answer: JSON.stringify(payload), user: TOLD_BOT_USER });
    expect((await stage.operator('POST', `/captures/${id}/retry`)).status).toBe(409);
    stage.clock.advance(7 * 86_400_000);
    await stage.reaches(what, 'erased');
    expect((await look()).body).not.toHaveProperty('personalData');
  });
});
