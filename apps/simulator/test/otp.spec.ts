import type { Server } from 'node:http';
import { ManualClock, startTestApp, type TestApp } from '@biz/testing';
import { simulatorApp } from '../src/simulator.module';
import { call, get, post } from './http';

const clock = new ManualClock(new Date('2026-11-23T00:00:00Z'));
let simulator: TestApp;

beforeAll(async () => {
  simulator = await startTestApp(simulatorApp(), { clock, env: { SIMULATOR_REST_API_KEYS: 'key-of-the-app' } });
});
afterAll(async () => {
  // A picture without end may still be on its way.
  (simulator.app.getHttpServer() as Server).closeAllConnections();
  await simulator.close();
});
beforeEach(() => post(`${simulator.url}/reset`));

const otp = async (order: object): Promise<string> => {
  const { status, text, json } = await post(`${simulator.url}/otps`, order);
  expect([status, text]).toEqual([200, expect.stringContaining('"otp"')]);
  return json.otp as string;
};
const redeem = (url: string, query = ''): ReturnType<typeof get> => get(`${url}?rest_api_key=key-of-the-app${query}`);

describe('an OTP URL', () => {
  it('has the path of its kind below the address the simulator really listens on', async () => {
    expect(await otp({ kind: 'profile' })).toMatch(new RegExp(`^${simulator.url}/otp/[0-9a-f]{24}/onetimeprofile$`));
    expect(await otp({ kind: 'location' })).toMatch(/\/current_location$/);
    expect(await otp({ kind: 'image' })).toMatch(/\/secure_image$/);
  });

  it('answers under the older path of a profile too, and 404 under the path of another kind', async () => {
    const url = await otp({ kind: 'profile' });
    expect((await redeem(url.replace('onetimeprofile', 'profile'))).status).toBe(200);
    expect((await redeem(url.replace('onetimeprofile', 'current_location'))).status).toBe(404);
    expect((await redeem(url.replace('onetimeprofile', 'constructor'))).status).toBe(404);
  });

  it('answers 401 without the key of the app and 404 for an unknown token', async () => {
    const url = await otp({ kind: 'profile' });
    expect((await get(url)).status).toBe(401);
    expect((await get(`${url}?rest_api_key=another`)).status).toBe(401);
    expect((await redeem(`${simulator.url}/otp/000/onetimeprofile`)).status).toBe(404);
  });

  it('expires ten minutes after it was made', async () => {
    const url = await otp({ kind: 'profile' });
    await post(`${simulator.url}/time/advance`, { seconds: 599 });
    expect((await redeem(url)).status).toBe(200);
    await post(`${simulator.url}/time/advance`, { seconds: 1 });
    expect((await redeem(url)).status).toBe(410);
  });

  it('is gone after one use when ordered so', async () => {
    const url = await otp({ kind: 'profile', singleUse: true });
    expect([(await redeem(url)).status, (await redeem(url)).status]).toEqual([200, 410]);
  });

  it('keeps every digit of an id beyond 2^53, as a JSON number', async () => {
    const { text } = await redeem(await otp({ kind: 'profile', shape: 'big-ids' }));
    expect(text).toContain('"id":9223372036854775807,');
  });

  it('answers the location by version, and is_usable_user alone when there is none', async () => {
    const url = await otp({ kind: 'location' });
    expect((await redeem(url)).json).toHaveProperty('land_address.zip_code', '463400');
    expect((await redeem(url, '&version=v2')).json).toMatchObject({
      detail: '8층 카카오',
      land_address: { mountain_yn: 'N' },
    });
    expect((await redeem(await otp({ kind: 'location', shape: 'unavailable' }), '&version=v2')).json).toEqual({
      is_usable_user: false,
    });
    expect((await redeem(await otp({ kind: 'location', shape: 'no-road' }), '&version=v2')).json).not.toHaveProperty(
      'road_address',
    );
  });

  it('answers any text that a test wants', async () => {
    const url = await otp({ kind: 'profile', answerText: '{"nickname": "그대로" }' });
    expect((await redeem(url)).text).toBe('{"nickname": "그대로" }');
  });
});

describe('a signed image', () => {
  const urls = async (order: object = {}): Promise<Record<string, string>> => {
    const answer = (await redeem(await otp({ kind: 'image', images: order }))).json;
    return (answer.secure_urls as Record<string, string>[])[0]!;
  };

  it('is a real picture of the asked size, the resized ones no larger than a megabyte and three', async () => {
    const { original = '', img_1m: small = '', img_3m: middle = '' } = await urls({ bytes: 4_000_000 });
    const size = async (url: string): Promise<number> => (await (await fetch(url)).arrayBuffer()).byteLength;
    expect([await size(original), await size(small), await size(middle)]).toEqual([4_000_000, 1_048_576, 3_145_728]);
    const jpeg = await fetch(original);
    expect(jpeg.headers.get('content-type')).toBe('image/jpeg');
    const png = await fetch((await urls({ format: 'png', bytes: 70_000 })).original!);
    expect(png.headers.get('content-type')).toBe('image/png');
    expect(
      Buffer.from(await png.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });

  it('is refused when a character of its URL changes', async () => {
    const { original = '' } = await urls();
    expect((await fetch(original)).status).toBe(200);
    expect((await fetch(original.replace('/img.', '/img_1m.'))).status).toBe(403);
    expect((await fetch(original.replace(/expires=(\d+)/, 'expires=9$1'))).status).toBe(403);
  });

  it('answers 403 from the moment its expire says', async () => {
    const answer = (await redeem(await otp({ kind: 'image', images: { seconds: 30 } }))).json;
    expect(answer.expire).toBe('2026-11-23T00:00:30Z');
    const { original = '' } = (answer.secure_urls as Record<string, string>[])[0]!;
    await post(`${simulator.url}/time/advance`, { seconds: 30 });
    expect((await fetch(original)).status).toBe(403);
  });

  it('can be cut in the middle, be no image, or never end', async () => {
    const { original = '' } = await urls({ bytes: 300_000 });
    const order = (kind: string): unknown => post(`${simulator.url}/faults`, { point: 'image', kind });
    await order('cut');
    await expect(fetch(original).then((response) => response.arrayBuffer())).rejects.toThrow();
    await order('wrong-type');
    expect((await fetch(original)).headers.get('content-type')).toBe('text/html');
    await order('too-large');
    const large = await fetch(original);
    expect(large.headers.get('content-length')).toBeNull();
    let bytes = 0;
    for await (const piece of large.body! as AsyncIterable<Uint8Array>) {
      bytes += piece.byteLength;
      if (bytes > 5_000_000) break;
    }
    expect(bytes).toBeGreaterThan(5_000_000);
  });
});

describe('misbehaviour on order', () => {
  it('hits the call it was ordered for, as often as ordered, and is then over', async () => {
    const url = await otp({ kind: 'profile' });
    await post(`${simulator.url}/faults`, { point: 'otp', kind: 'status', status: 503, times: 2 });
    expect([(await redeem(url)).status, (await redeem(url)).status, (await redeem(url)).status]).toEqual([
      503, 503, 200,
    ]);
  });

  it('leaves calls about another subject alone', async () => {
    const [hit, spared] = [await otp({ kind: 'profile' }), await otp({ kind: 'profile' })];
    await post(`${simulator.url}/faults`, { point: 'otp', kind: 'drop-before', subject: hit.split('/').at(-2) });
    expect((await redeem(spared)).status).toBe(200);
    await expect(redeem(hit)).rejects.toThrow();
  });

  it('drops the connection before or after the work', async () => {
    const url = await otp({ kind: 'profile', singleUse: true });
    await post(`${simulator.url}/faults`, { point: 'otp', kind: 'drop-before' });
    await post(`${simulator.url}/faults`, { point: 'otp', kind: 'drop-after' });
    await expect(redeem(url)).rejects.toThrow();
    await expect(redeem(url)).rejects.toThrow();
    expect((await redeem(url)).status).toBe(410);
  });

  it('holds calls until it is taken back', async () => {
    const url = await otp({ kind: 'profile' });
    const subject = url.split('/').at(-2);
    const fault = await post(`${simulator.url}/faults`, { point: 'otp', kind: 'hold', subject });
    let answered = false;
    const held = redeem(url).then((answer) => {
      answered = true;
      return answer;
    });
    expect((await redeem(await otp({ kind: 'image' }))).status).toBe(200);
    expect(answered).toBe(false);
    await call('DELETE', `${simulator.url}/faults/${String(fault.json.id)}`);
    expect((await held).status).toBe(200);
  });
});
