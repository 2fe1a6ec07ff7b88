import { assert, property, string } from 'fast-check';
import { isVisibleLine, shortLine, visibleLine } from './visible-line';

const FAMILY = '👨‍👩‍👧‍👦';
const ENGLAND = '\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}';
const graphemes = (text: string): string[] =>
  [...new Intl.Segmenter('ko', { granularity: 'grapheme' }).segment(text)].map(({ segment }) => segment);

describe('a visible line', () => {
  it.each([
    ['composed hangul', '아이스 아메리카노'.normalize('NFD'), '아이스 아메리카노'],
    ['a line break', '머그\r\n빨강\n\n큰 것\u2028끝\u2029', '머그 빨강 큰 것 끝'],
    ['control characters', 'a\u0000b\tc\u007Fd\u0085e\u001B[31m', 'a b c d e [31m'],
    ['blanks of all kinds', '\u3000 머그\u00A0\u2003컵  ', '머그 컵'],
    ['changes of direction', '가격 \u202E000,1\u202C \u2066원\u2069\u200F\u061C', '가격 000,1 원'],
    ['signs without width', '머\u200B그\uFEFF\u2060\u00AD컵\u034F\u3164', '머그컵'],
    ['halves of a character', '머그\uD83D 컵\uDE00', '머그 컵'],
    ['joiners that join nothing', '\u200D머그\u200D \u200C컵\uFE0F\uFE0F\u200D', '머그 컵\uFE0F'],
    ['hidden letters', 'ok\u{E0041}\u{E0042}\u{E007F}', 'ok'],
    ['heaps of marks', `e${'\u0301'.repeat(200)}x`, `é${'\u0301'.repeat(8)}x`],
  ])('is left of %s', (_what, text, line) => {
    expect(visibleLine(text)).toBe(line);
    expect(isVisibleLine(line)).toBe(true);
    expect(isVisibleLine(text)).toBe(false);
  });

  it.each([
    '커피',
    'Caffè latte 2%',
    FAMILY,
    ENGLAND,
    '🇰🇷🇯🇵',
    '❤️‍🔥 1️⃣',
    '👍🏽',
    'می‌خواهم',
    'क्‍ष',
    '葛󠄀城',
    '（주）가게',
    '☕',
  ])('may be %s', (text) => {
    expect(visibleLine(text)).toBe(text);
  });

  it.each([
    '',
    ' ',
    '\n',
    '\u3000\u00A0',
    '\u200B\u200D\uFEFF',
    '\u3164',
    '\u2800 \u2800',
    '\u202E',
    '\uD83D',
    '\u0301',
  ])('is nothing of %j, in which nothing is seen', (text) => {
    expect(visibleLine(text)).toBe('');
    expect(shortLine(text, 10)).toBe('');
    expect(isVisibleLine(text)).toBe(false);
  });

  it.each([
    ['120 emoji', '😀'.repeat(120), `${'😀'.repeat(49)}…`],
    ['60 emoji, which are 120 by that count', '😀'.repeat(60), `${'😀'.repeat(49)}…`],
    ['120 letters', '가'.repeat(120), `${'가'.repeat(99)}…`],
    ['100 letters that are decomposed', '가'.repeat(100).normalize('NFD'), '가'.repeat(100)],
    ['families', FAMILY.repeat(20), `${FAMILY.repeat(9)}…`],
    ['flags', '🇰🇷'.repeat(60), `${'🇰🇷'.repeat(24)}…`],
    ['flags of regions', ENGLAND.repeat(20), `${ENGLAND.repeat(7)}…`],
    ['marks', 'q\u0307\u0323'.normalize('NFC').repeat(60), `${'q\u0323\u0307'.repeat(33)}…`],
    ['a blank at the cut', `${'가'.repeat(98)} 나다라`, `${'가'.repeat(98)}…`],
    ['100 letters', '가'.repeat(100), '가'.repeat(100)],
  ])('of %s is cut between what people see, at 100 of the strictest count', (_what, text, line) => {
    expect(shortLine(text, 100)).toBe(line);
  });

  it('cuts one sign that is longer than all the room, and leaves no half of it', () => {
    const crowd = Array.from({ length: 60 }, () => '👨').join('\u200D');
    const line = shortLine(crowd, 100);
    expect(line.length).toBeLessThanOrEqual(100);
    expect(line).toMatch(/^👨.*👨…$/u);
    expect(isVisibleLine(line)).toBe(true);
  });

  it('keeps to its limit and to whole signs, whatever the text', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 60 }), (text) => {
        const [line, short] = [visibleLine(text), shortLine(text, 20)];
        expect(visibleLine(line)).toBe(line);
        expect(visibleLine(short)).toBe(short);
        expect(short.length).toBeLessThanOrEqual(20);
        expect(short).not.toMatch(/\p{Cs}/u);
        expect(short).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u{202A}-\u{202E}\u{2066}-\u{2069}]/u);
        if (line.length > 20 && (graphemes(line)[0]?.length ?? 0) < 20) {
          expect(graphemes(line).join('').startsWith(short.slice(0, -1))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
