import { request } from 'node:http';
import type { AppDefinition } from '@biz/platform';
import { timed } from '@biz/testing';
import type { MerchantDefinition } from '@biz/merchant';
import { imageApp } from '../apps/image/src/image.module';
import { locationApp } from '../apps/location/src/location.module';
import { profileApp } from '../apps/profile/src/profile.module';
import { hostileBodies } from '../libs/capture/test/hostile-bodies';
import type { HostileBody } from '../libs/capture/test/hostile-bodies';
import { Stage } from '../libs/capture/test/stage';
import { HOSTILE_URLS } from '../libs/otp-client/test/hostile-urls';

const ORIGIN = 'https://talk-plugin.kakao.com';
/** Nobody waits longer for a refusal. */
const QUICK_MS = 1_000;

interface Refused {
  status: number;
  body: unknown;
  ms: number;
}

const PLUGINS: [string, (merchants: readonly MerchantDefinition[]) => AppDefinition, string][] = [
  ['profile', profileApp, 'onetimeprofile'],
  ['location', locationApp, 'current_location'],
  ['image', imageApp, 'secure_image'],
];

describe.each(PLUGINS)('a hostile caller of the %s app', (kind, make, segment) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open(make, { KAKAO_TALK_PLUGIN_ORIGIN: ORIGIN, RETRY_TIME_SCALE: '1' });
  });
  afterAll(() => stage.close());

  afterEach(async () => {
    expect(await stage.database.query('SELECT 1 FROM capture.captures')).toEqual([]);
    expect(stage.kakao.requests).toEqual([]);
  });

  const callback = async (hostile: Omit<HostileBody, 'what'>): Promise<Refused> => {
    const { result, ms } = await timed(() => send(hostile));
    return { ...result, ms };
  };

  const send = ({
    body,
    type = 'application/json',
    headers,
  }: Omit<HostileBody, 'what'>): Promise<Omit<Refused, 'ms'>> =>
    new Promise((resolve, reject) => {
      const call = request(
        `${stage.app.url}/callback`,
        {
          method: 'POST',
          headers: { ...(type && { 'content-type': type }), 'content-length': Buffer.byteLength(body), ...headers },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => {
            resolve({
              status: response.statusCode ?? 0,
              body: JSON.parse(text) as unknown,
            });
          });
        },
      );
      call.on('error', reject);
      call.end(body);
    });

  const expectRefusal = ({ status, body, ms }: Refused): void => {
    expect(body).toEqual({ status, message: expect.stringMatching(/^[^a-zA-Z/]*[가-힣]/) as string });
    expect([400, 413, 415]).toContain(status);
    expect(ms).toBeLessThan(QUICK_MS);
  };

  /** The list is written for profile: the last segments of this kind and of profile change places. */
  const ofThisKind = (url: string): string =>
    url.replaceAll(segment, '{this}').replaceAll('onetimeprofile', segment).replaceAll('{this}', 'onetimeprofile');

  it(`is refused at once with each of ${HOSTILE_URLS.length} addresses, and nothing is kept or fetched`, async () => {
    expect(new Set(HOSTILE_URLS).size).toBeGreaterThanOrEqual(60);
    for (const url of HOSTILE_URLS) {
      const otp = kind === 'profile' ? url : ofThisKind(url);
      expectRefusal(await callback({ body: JSON.stringify({ otp }) }));
    }
  });

  const bodies = hostileBodies(`${ORIGIN}/otp/5fcf3cfe00a6950dc026b/${segment}`);

  it.each(bodies)('is refused at once with $what, and nothing is kept or fetched', async (hostile) => {
    expectRefusal(await callback(hostile));
  });

  it('has at least forty bodies to try', () => {
    expect(new Set(bodies.map(({ body, type }) => `${type ?? ''} ${body.toString('latin1')}`)).size).toBe(
      bodies.length,
    );
    expect(bodies.length).toBeGreaterThanOrEqual(40);
  });
});
