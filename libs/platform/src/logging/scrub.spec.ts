import { scrub, scrubText } from './scrub';

const SECRETS = [
  'https://talk-plugin.kakao.com/otp/5fcf3cfe00a6950dc026b/onetimeprofile',
  'http://127.0.0.1:3005/m/acme-path-key/ordersheet',
  'to talk-plugin, carrying https%3A%2F%2Fhost%2Fm%2Facme-path-key%2Forder%2Fcallback',
  'to talk-plugin, carrying https%253a%252f%252fhost%252fm%252facme-path-key%252forder',
  'KakaoAK 0123456789abcdef',
  'Bearer eyJhbGciOiJSUzI1NiJ9.x.y',
  'rest_api_key=0123456789abcdef',
  'pg_token=1f2e3d4c',
  'postgres://biz:hunter2@database:5432/biz',
  'whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQ=',
  'someone.else+news@mail.example.co.kr',
  '+82 10-1234-5678',
  '010-1234-5678',
];
const PARTS = /5fcf3cfe|acme-path-key|0123456789abcdef|eyJhbGci|1f2e3d4c|hunter2|c2Vjcm|someone|else\+news|1234-5678/;

describe('scrubText', () => {
  it.each(SECRETS)('cuts %s out of a line', (secret) => {
    expect(scrubText(`before ${secret} after`)).not.toMatch(PARTS);
  });

  it.each(SECRETS)('cuts %s wherever a long text ends', (secret) => {
    // Each line ends one character earlier inside the secret.
    for (let at = 0; at <= secret.length; at++) {
      const text = `${' '.repeat(8_192 - at)}${secret}${' x'.repeat(5_000)}`;
      expect(scrubText(text)).not.toMatch(PARTS);
    }
  });

  it('leaves ids and ordinary words as they are', () => {
    const line = 'order 019ab0c0-1111-7000-8000-010123456789 moved to paid';
    expect(scrubText(line)).toBe(line);
  });

  it('hands no pattern more than 8,192 characters, whatever is logged', () => {
    const lengths: number[] = [];
    const test = vi.spyOn(RegExp.prototype, 'test').mockImplementation(function (this: RegExp, text: string) {
      lengths.push(text.length);
      return this.exec(text) !== null;
    });
    const patterns = RegExp.prototype as { [Symbol.replace]: (text: string, by: string) => string };
    const replace = patterns[Symbol.replace];
    const replacing = vi.spyOn(patterns, Symbol.replace).mockImplementation(function (this: RegExp, text, by) {
      lengths.push(text.length);
      return replace.call(this, text, by);
    });
    try {
      const long = `${'a'.repeat(100_000)}=`;
      expect(scrubText(long).length).toBeLessThan(8_300);
      scrub({ message: long, list: [long, { deep: '@'.repeat(100_000) }], error: new Error(long) });
    } finally {
      test.mockRestore();
      replacing.mockRestore();
    }
    expect(lengths.length).toBeGreaterThan(10);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(8_192);
  });
});
