import { visibleLine } from '@biz/platform';

export const CYCLE_UNITS = ['day', 'week', 'month', 'year'] as const;

/** How often a subscription is charged, for programs: every three months. */
export interface BillingPeriod {
  count: number;
  unit: (typeof CYCLE_UNITS)[number];
}

/** Ten years: what is charged more rarely is no subscription. */
export const MOST_OF_UNIT: Readonly<Record<BillingPeriod['unit'], number>> = {
  day: 3_660,
  week: 520,
  month: 120,
  year: 10,
};

const NUMBERS = new Map(
  [
    '한 일',
    '두 이',
    '세 삼 석',
    '네 사 넉',
    '다섯 오',
    '여섯 육',
    '일곱 칠',
    '여덟 팔',
    '아홉 구',
    '열 십',
    '열한 십일',
    '열두 십이',
  ].flatMap((words, at) => words.split(' ').map((word): [string, number] => [word, at + 1])),
);

const UNITS = new Map<string, BillingPeriod>([
  ...of('일', 1, 'day'),
  ...of('주 주일', 1, 'week'),
  ...of('개월 달', 1, 'month'),
  ...of('분기', 3, 'month'),
  ...of('반기', 6, 'month'),
  ...of('년 해', 1, 'year'),
]);

/** Without a number before them; `6월` is June. */
const ALONE = new Map<string, BillingPeriod>([
  ...UNITS,
  ...of('월', 1, 'month'),
  ...of('연', 1, 'year'),
  ...of('하루 날', 1, 'day'),
  ...of('이틀 격일', 2, 'day'),
  ...of('격주', 2, 'week'),
  ...of('격월', 2, 'month'),
  ...of('반년', 6, 'month'),
  ...of('격년', 2, 'year'),
]);

const anyOf = (words: Iterable<string>): string => [...words].toSorted((a, b) => b.length - a.length).join('|');
/** 매 3개월마다 한 번 결제, without its blanks. */
const CYCLE = new RegExp(
  `^매?(?:(?<count>\\d{1,4}|${anyOf(NUMBERS.keys())})(?<unit>${anyOf(UNITS.keys())})|(?<alone>${anyOf(ALONE.keys())}))` +
    '(?:간|별)?(?:마다|에|단위|주기|간격)?(?:로|으로)?(?:한번|1번|1회|한차례)?(?:씩)?(?:정기|자동)?(?:결제|납부|청구|과금)?$',
  'u',
);

/** The period that a billing cycle (결제 주기) names in the usual Korean spellings: 월, 3개월, 분기, 2주, 격주, 매년, 한 달에 한 번. */
export function periodOf(billingCycle: string): BillingPeriod | undefined {
  const groups = CYCLE.exec(visibleLine(billingCycle.normalize('NFKC')).replaceAll(' ', ''))?.groups;
  const one = UNITS.get(groups?.unit ?? '') ?? ALONE.get(groups?.alone ?? '');
  if (!one) return undefined;
  const times = groups?.count === undefined ? 1 : (NUMBERS.get(groups.count) ?? Number(groups.count));
  const period = { count: one.count * times, unit: one.unit };
  return period.count >= 1 && period.count <= MOST_OF_UNIT[period.unit] ? period : undefined;
}

/** Whether both are the same time: a week is seven days, a year twelve months. */
export function samePeriod(one: BillingPeriod, other: BillingPeriod): boolean {
  const [a, b] = [inSmallest(one), inSmallest(other)];
  return a.unit === b.unit && a.count === b.count;
}

function inSmallest({ count, unit }: BillingPeriod): BillingPeriod {
  if (unit === 'week') return { count: count * 7, unit: 'day' };
  return unit === 'year' ? { count: count * 12, unit: 'month' } : { count, unit };
}

function of(words: string, count: number, unit: BillingPeriod['unit']): [string, BillingPeriod][] {
  return words.split(' ').map((word) => [word, { count, unit }]);
}
