import { eventually } from '@biz/testing';
import type { Stage } from '../../../libs/capture/test/stage';
import { Gallery, jpeg } from './gallery';
import type { FileFacts } from './gallery';

describe('the link the shop was sent', () => {
  let gallery: Gallery;
  let stage: Stage;
  const content = jpeg(150_000);
  let id: string;
  let href: string;
  beforeAll(async () => {
    gallery = await Gallery.open();
    ({ stage } = gallery);
    await stage.callback(gallery.offer([{ original: gallery.image(() => ({ body: content })) }]), 'linked');
    ({ id } = await stage.reaches('linked', 'delivered'));
    href = gallery.filesOf('linked')[0]!.href!;
  });
  afterAll(() => gallery.close());

  it('hands the image out without a token, tells nobody to keep it, and logs the look', async () => {
    const response = await fetch(href);
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': '150000',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const part = gallery.filesOf('linked')[0]!.id;
    expect(await gallery.looksAt(id)).toEqual([
      { what: 'file', part, reason: 'opened by a signed link', caller: '127.0.0.1' },
    ]);
  });

  it.each([
    ['another file', (url: URL) => (url.pathname = '/files/019ab0c0-0000-7000-8000-000000000001')],
    [
      'a later end',
      (url: URL) => {
        url.searchParams.set('expires', String(Number(url.searchParams.get('expires')) + 1));
      },
    ],
    [
      'another signature',
      (url: URL) => {
        url.searchParams.set('signature', 'A'.repeat(43));
      },
    ],
    [
      'no signature',
      (url: URL) => {
        url.searchParams.delete('signature');
      },
    ],
    [
      'two signatures',
      (url: URL) => {
        url.searchParams.append('signature', 'x');
      },
    ],
    [
      'no end',
      (url: URL) => {
        url.searchParams.delete('expires');
      },
    ],
    ['no id', (url: URL) => (url.pathname = '/files/..%2f..%2fetc')],
  ])('answers 404 to %s', async (_what, change) => {
    const url = new URL(href);
    change(url);
    const before = (await gallery.looksAt(id)).length;
    const response = await fetch(url.href);
    expect([response.status, await response.json()]).toEqual([
      404,
      { status: 404, message: '요청한 주소를 찾을 수 없습니다.' },
    ]);
    expect(await gallery.looksAt(id)).toHaveLength(before);
  });

  it('answers 410 when its time is over; an operator hands out new ones', async () => {
    stage.clock.advance(901_000);
    const old = await fetch(href);
    expect([old.status, await old.json()]).toEqual([410, { status: 410, message: '링크의 유효 기간이 지났습니다.' }]);
    expect((await stage.operator('POST', `/captures/${id}/links`)).status).toBe(400);
    const { body } = await stage.operator('POST', `/captures/${id}/links`, { 'x-access-reason': 'shop asked' });
    const [link] = body.items as { id: string; href: string; hrefExpiresAt: string }[];
    expect(link).toMatchObject({ id: gallery.filesOf('linked')[0]!.id, picture: 1, variant: 'original' });
    expect(new Date(link!.hrefExpiresAt).getTime() - stage.clock.now().getTime()).toBeLessThanOrEqual(900_000);
    expect((await fetch(link!.href)).status).toBe(200);
    stage.clock.advance(-901_000);
    expect((await gallery.looksAt(id)).slice(-2)).toMatchObject([
      { reason: 'shop asked' },
      { reason: 'opened by a signed link' },
    ]);
  });

  it('is made anew at each try, so that a shop that was down is sent one that works', async () => {
    stage.shop.on('POST /hook', { status: 503 });
    try {
      await stage.callback(gallery.offer([{ original: gallery.image(() => ({ body: jpeg(900) })) }]), 'down');
      await eventually(() => {
        expect(stage.events('down')).not.toEqual([]);
      });
      stage.clock.advance(901_000);
    } finally {
      stage.shop.on('POST /hook', { status: 204 });
    }
    // The try that failed may be written down after the clock went on, and the next is then due a moment later.
    await stage.asTimeGoesBy(async () => {
      expect((await stage.capture('down')).state).toBe('delivered');
    });
    const [first, last] = [stage.events('down')[0]!, stage.events('down').at(-1)!];
    const hrefOf = ({ data }: typeof first): string => (data.files as FileFacts[])[0]!.href!;
    expect([(await fetch(hrefOf(first))).status, (await fetch(hrefOf(last))).status]).toEqual([410, 200]);
    expect(last.id).toBe(first.id);
    stage.clock.advance(-901_000);
  });

  it('is nowhere kept or logged', async () => {
    expect(await stage.inTheClear()).not.toContain(new URL(href).searchParams.get('signature'));
  });
});
