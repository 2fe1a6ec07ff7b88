import { eventually, times } from '@biz/testing';
import type { StubAnswer } from '@biz/testing';
import type { Stage } from '../../../libs/capture/test/stage';
import { Gallery } from './gallery';

const DOWN: StubAnswer = { status: 503 };

describe('the image app while Kakao is down', () => {
  let gallery: Gallery;
  let stage: Stage;
  let kakao: 'up' | 'down';

  beforeEach(async () => {
    gallery = await Gallery.open();
    ({ stage } = gallery);
    kakao = 'up';
  });
  afterEach(() => gallery.close());

  const countOf = async (condition: string): Promise<number> => {
    const [row] = await stage.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM capture.captures WHERE ${condition}`,
    );
    return row!.n;
  };

  it('asks for an OTP with each probe, not for what it holds the answer of', async () => {
    // Whoever is asked about waits for this picture, with its answer held.
    stage.kakao.on('GET /dna/a.jpg', DOWN);
    const answer = { secure_urls: [{ original: `${stage.kakao.url}/dna/a.jpg` }], expire: '2026-11-23T03:10:00Z' };
    const otp = (): string => stage.otp('secure_image', () => (kakao === 'up' ? { json: answer } : DOWN));
    await Promise.all(times(12, () => stage.callback(otp())));
    await eventually(async () => {
      expect(await countOf('sealed_answer IS NOT NULL')).toBe(12);
    });
    kakao = 'down';
    await Promise.all(times(6, () => stage.callback(otp())));
    await eventually(() => {
      expect(stage.logs.join('')).toContain('Kakao does not answer');
    });
    await stage.asTimeGoesBy(async () => {
      expect(await countOf('sealed_answer IS NULL AND tries >= 2')).toBe(6);
    });

    kakao = 'up';
    // The longest pause between two probes, which are 8 s.
    stage.clock.advance(80);
    await eventually(async () => {
      expect(await countOf('sealed_answer IS NULL')).toBe(0);
    });
  });
});
