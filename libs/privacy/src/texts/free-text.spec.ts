import { plainToInstance } from 'class-transformer';
import { FreeText, namesPerson, withoutNumbers } from './free-text';

describe('free text', () => {
  it.each([
    ['010-1234-5678', '[phone]'],
    ['TEL010-1234-5678', 'TEL[phone]'],
    ['0 1 0 1 2 3 4 5 6 7 8', '[phone]'],
    ['010/1234/5678, 010_1234_5678', '[phone], [phone]'],
    ['010\u200b1234\u200b5678', '[phone]'],
    ['０１０ １２３４ ５６７８', '[phone]'],
    ['+82 (0)10-1234-5678, 0082 10 1234 5678', '[phone], [phone]'],
    [
      '02-123-4567, 0212345678, (031)789-1234, +82 2 123 4567, 0505-123-4567',
      '[phone], [phone], [phone], [phone], [phone]',
    ],
    ['+1 415 555 2671', '[phone]'],
    ['홍길동@example.com, kim @ shop.co.kr', '[email], [email]'],
    ['880101-1234567, 880101 2234567, 880101-1******', '[resident number], [resident number], [resident number]'],
    [
      '1234-5678-9012-3456, 1234567890123456, 3782 822463 10005, 1 2 3 4 5 6 7 8 9 0 1 2 3',
      '[card], [card], [card], [card]',
    ],
  ])('loses %s', (text, left) => {
    expect(withoutNumbers(text)).toBe(left);
  });

  it.each([
    '주문 20201208-0001, 티켓 #4711, 2026-11-23 10:30',
    '금액 5,010,123,456원 중 1,000,000원',
    '주문 0197a1b2-0101-7234-8567-010123456789 확인',
    'tid T5fcf010123456789000a, T1234567890123456789',
    '2026-02-1 14:05, 우편번호 06236, 수량 3개, 문의 1588-1234',
  ])('keeps %s', (text) => {
    expect(withoutNumbers(text)).toBe(text);
  });

  it.each([
    ['\n 품절\r\n되었습니다 \u202E', '품절 되었습니다'],
    ['품절'.normalize('NFD'), '품절'],
    ['👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👍🏽 ❤️‍🔥', '👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👍🏽 ❤️‍🔥'],
    ['0👍\u200D1\u200D0\u200D-1234-5678', '0👍[phone]'],
    ['\u200B\u3164\n', ''],
    ['품절 \uD83D', '품절'],
  ])('is one visible line: %j', (text, line) => {
    expect(withoutNumbers(text)).toBe(line);
  });

  it('is no longer than what was sent, and ends between characters', () => {
    class Body {
      @FreeText() reason: string;
    }
    const { reason } = plainToInstance(Body, { reason: '\uFDFA👨‍👩‍👧‍👦' });
    expect(reason).toBe('صلى الله عل…');
    expect(plainToInstance(Body, { reason: ' \n\u200B' }).reason).toBe('');
  });

  it('is read in the time that its length takes', () => {
    for (const piece of ['0', '1', '0-', '+82', ' ', 'a', 'a.', '@', 'a@a.', '0 ', '(', 'T', '0101'])
      for (const end of ['', '!', '@']) expect(withoutNumbers(piece.repeat(20_000) + end).length).toBeLessThan(8_000);
  });

  it.each(['refund-010-1234-5678', '+821012345678', 'kim@shop.co.kr', 'x:880101-1234567'])(
    'names a person in a key: %s',
    (key) => {
      expect(namesPerson(key)).toBe(true);
    },
  );

  it.each([
    '1700000000000',
    '1701258000000',
    '1796000000',
    'refund-2026-11-23-1',
    '0197a1b2-0101-7234-8567-010123456789',
  ])('names no person in a key: %s', (key) => {
    expect(namesPerson(key)).toBe(false);
  });
});
