import { periodOf, samePeriod } from '../src/ports/billing-cycle';

describe('the period of a billing cycle', () => {
  it.each([
    ...[
      '월',
      '매월',
      '매달',
      '달',
      '월간',
      '월 1회',
      '한 달',
      '한달에 한번',
      '1개월',
      '1 개월마다',
      '매 1개월',
      '일개월',
      '월별',
      '매월 결제',
      '월 단위',
    ].map((text) => [text, 1, 'month']),
    ...['2개월', '두 달', '격월', '2달마다', '이개월'].map((text) => [text, 2, 'month']),
    ...[
      '3개월',
      '분기',
      '매분기',
      '분기별',
      '세 달',
      '석 달',
      '3개월 주기',
      '3개월에 1회',
      '1분기',
      '삼개월',
      '3개월마다 자동결제',
    ].map((text) => [text, 3, 'month']),
    ...['6개월', '반기', '반년', '여섯 달', '2분기마다', '6개월간'].map((text) => [text, 6, 'month']),
    ...['12개월', '열두 달', '십이개월'].map((text) => [text, 12, 'month']),
    ...['주', '매주', '주간', '1주', '1주일', '일주일', '주 1회', '한 주', '1주일마다'].map((text) => [
      text,
      1,
      'week',
    ]),
    ...['2주', '격주', '2주일', '두 주', '2주마다', '2주에 한 번', '매 2주', '격주로'].map((text) => [text, 2, 'week']),
    ...['4주', '4주 간격', '4주 단위'].map((text) => [text, 4, 'week']),
    ...['일', '매일', '일간', '하루', '1일', '하루 1회'].map((text) => [text, 1, 'day']),
    ...['격일', '이틀', '2일마다'].map((text) => [text, 2, 'day']),
    ...['30일', '30일마다', ' 30 일 '].map((text) => [text, 30, 'day']),
    ...['년', '연', '매년', '연간', '1년', '일년', '연 1회', '한 해', '해마다', '매년 결제'].map((text) => [
      text,
      1,
      'year',
    ]),
    ...['2년', '격년', '이년'].map((text) => [text, 2, 'year']),
    ...['3개월'.normalize('NFD'), '3\u200B개월', '3\u00A0개월'].map((text) => [text, 3, 'month']),
  ] as [string, number, string][])('%j is every %d %s', (text, count, unit) => {
    expect(periodOf(text)).toEqual({ count, unit });
  });

  it.each([
    '',
    ' ',
    '6월',
    '3월',
    '매월 25일',
    '월 2회',
    '수시',
    '0개월',
    '121개월',
    '11년',
    '9999일',
    '월말',
    '1.5개월',
    '-1개월',
    '3',
    '개월 3',
    '월 또는 년',
    '주말',
    '일요일',
    'constructor',
  ])('%j is none: a plan says it for programs', (text) => {
    expect(periodOf(text)).toBeUndefined();
  });

  it.each([
    [{ count: 2, unit: 'week' }, { count: 14, unit: 'day' }, true],
    [{ count: 1, unit: 'year' }, { count: 12, unit: 'month' }, true],
    [{ count: 1, unit: 'month' }, { count: 30, unit: 'day' }, false],
    [{ count: 3, unit: 'month' }, { count: 1, unit: 'month' }, false],
  ] as const)('%j and %j are the same: %s', (one, other, same) => {
    expect(samePeriod(one, other)).toBe(same);
  });
});
