import fc from 'fast-check';
import { isOtpUrl } from '@biz/otp-client';
import { HOSTILE_URLS } from './hostile-urls';

const ORIGIN = 'https://talk-plugin.kakao.com';

/** @returns whether it passed; what passes is read by a URL parser as the very same place */
function expectRefusedOrPlain(text: string): boolean {
  if (!isOtpUrl(text, 'profile', ORIGIN)) return false;
  const url = new URL(text);
  expect(url.href).toBe(text);
  expect(url.origin).toBe(ORIGIN);
  expect([url.username, url.password, url.search, url.hash]).toEqual(['', '', '', '']);
  expect(url.pathname).toMatch(/^\/otp\/[^/.%]+\/(onetimeprofile|profile)$/);
  return true;
}

describe('the gate for OTP addresses', () => {
  it.each([
    [`${ORIGIN}/otp/5fcf3cfe00a6950dc026b/onetimeprofile`, 'profile'],
    [`${ORIGIN}/otp/5fcf3cfe00a6950dc026b/profile`, 'profile'],
    [`${ORIGIN}/otp/5fcf2b187f881621de/current_location`, 'location'],
    [`${ORIGIN}/otp/a-b_C9/secure_image`, 'image'],
  ] as const)('accepts %s for %s', (url, kind) => {
    expect(isOtpUrl(url, kind, ORIGIN)).toBe(true);
  });

  it('accepts an origin that was configured with a slash or in capitals', () => {
    expect(isOtpUrl(`${ORIGIN}/otp/abc/onetimeprofile`, 'profile', 'HTTPS://Talk-Plugin.kakao.com:443/')).toBe(true);
  });

  it('compares the port of a development origin', () => {
    const simulator = 'http://127.0.0.1:3000';
    expect(isOtpUrl(`${simulator}/otp/abc/onetimeprofile`, 'profile', simulator)).toBe(true);
    expect(isOtpUrl('http://127.0.0.1:30001/otp/abc/onetimeprofile', 'profile', simulator)).toBe(false);
    expect(isOtpUrl('http://127.0.0.1/otp/abc/onetimeprofile', 'profile', simulator)).toBe(false);
  });

  it.each(HOSTILE_URLS.map((url) => [url.length > 120 ? `${url.slice(0, 60)}… (${url.length} characters)` : url, url]))(
    'refuses %j',
    (_name, url) => {
      expect(isOtpUrl(url, 'profile', ORIGIN)).toBe(false);
    },
  );

  it('holds at least sixty hostile addresses', () => {
    expect(new Set(HOSTILE_URLS).size).toBeGreaterThanOrEqual(60);
  });

  it('lets nothing pass that a URL parser would read as another place', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'https://',
        ORIGIN,
        '/otp/',
        'abc',
        '/onetimeprofile',
        '@',
        ':443',
        '..',
        '//',
        '\\',
        '?',
        '#',
        '%2f',
        'evil.example',
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        expectRefusedOrPlain(pieces.join(''));
      }),
      { numRuns: 2000 },
    );
  });

  it('lets nothing pass either that is one or two edits away from a real address', () => {
    const real = fc
      .tuple(fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/), fc.constantFrom('onetimeprofile', 'profile'))
      .map(([token, last]) => `${ORIGIN}/otp/${token}/${last}`);
    const edit = fc.record({
      at: fc.nat(90),
      cut: fc.nat(3),
      put: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 3 }),
        fc.constantFrom('@', '/', '\\', '..', ':', '%2f', '#', '?', ''),
      ),
    });
    let passed = 0;
    fc.assert(
      fc.property(real, fc.array(edit, { maxLength: 2 }), (address, edits) => {
        const text = edits.reduce((now, { at, cut, put }) => now.slice(0, at) + put + now.slice(at + cut), address);
        if (expectRefusedOrPlain(text)) passed++;
        if (text === address) expect(isOtpUrl(text, 'profile', ORIGIN)).toBe(true);
      }),
      { numRuns: 5000 },
    );
    expect(passed).toBeGreaterThan(500);
  });
});
