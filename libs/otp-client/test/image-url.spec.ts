import fc from 'fast-check';
import { isImageUrl } from '@biz/otp-client';
import { HOSTILE_URLS } from './hostile-urls';

const ORIGINS = ['http://k.kakaocdn.net', 'https://k.kakaocdn.net'];

describe('the gate for addresses of images', () => {
  it.each([
    'http://k.kakaocdn.net/dna/abc/img.jpg?credential=zf3&expires=1606731900&allow_ip=&signature=a%2Bb%3D',
    'https://k.kakaocdn.net/dna/abc/img.jpg',
  ])('lets %s pass', (url) => {
    expect(isImageUrl(url, ORIGINS)).toBe(true);
    expect(isImageUrl(url, ['http://127.0.0.1:3000'])).toBe(false);
  });

  it('refuses the hosts of the hostile list, with the name of the picture server in them', () => {
    const urls = HOSTILE_URLS.map((url) => url.replaceAll('talk-plugin.kakao.com', 'k.kakaocdn.net'));
    const passed = urls.filter((url) => isImageUrl(url, ORIGINS));
    // Any path and query of the picture server may be asked for, but nothing else.
    expect(passed.filter((url) => !ORIGINS.includes(new URL(url).origin) || new URL(url).username !== '')).toEqual([]);
    expect(urls.length - passed.length).toBeGreaterThan(50);
  });

  it('lets nothing pass that a URL parser would read as another place', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'http://',
        'https://',
        ...ORIGINS,
        'k.kakaocdn.net',
        '/',
        '@',
        ':443',
        '..',
        '\\',
        '?',
        '#',
        '%2f',
        '.',
        '\t',
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    );
    let passed = 0;
    fc.assert(
      fc.property(
        fc.constantFrom('', ...ORIGINS, ...ORIGINS.map((origin) => `${origin}/`)),
        fc.array(piece, { maxLength: 3 }),
        (start, pieces) => {
          const text = start + pieces.join('');
          if (!isImageUrl(text, ORIGINS)) return;
          passed++;
          const { origin, username, password } = new URL(text);
          expect(ORIGINS).toContain(origin);
          expect([username, password]).toEqual(['', '']);
        },
      ),
      { numRuns: 5000 },
    );
    expect(passed).toBeGreaterThan(200);
  });
});
