import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, times } from '@biz/testing';
import { OPERATOR } from '../../../libs/capture/test/stage';
import type { Stage } from '../../../libs/capture/test/stage';
import { Gallery, jpeg } from './gallery';

describe('images that are erased', () => {
  let gallery: Gallery;
  let stage: Stage;
  beforeAll(async () => {
    gallery = await Gallery.open({ IMAGE_LINK_SECONDS: '60' });
    ({ stage } = gallery);
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
      expect(stage.logs.filter((line) => line.includes(id) && line.includes('image came too late'))).toHaveLength(3);
    }, 20_000);
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
});
