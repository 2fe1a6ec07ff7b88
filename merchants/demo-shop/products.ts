import { choice, choices, combination, date, integer, numbers, text } from '@biz/merchant';
import type { Product, ProductAgreement, ShippingArea } from '@biz/merchant';

/** 도서산간. */
const JEJU: ShippingArea[] = [{ name: '제주', from: '63000', to: '63644', extra: 3_000 }];

const AGREEMENTS: ProductAgreement[] = [
  { company: '데모샵', title: '구매조건 확인 및 결제진행 동의', url: 'https://www.kakao.com' },
];

/** The guide's own example (5.2): nine articles, led through three questions. */
const winterfell: Product = {
  id: '10013529',
  kakaoId: '101:10013529',
  name: '윈터펠테스트11',
  kind: 'commerce',
  price: 0,
  groups: [
    ...combination(
      [
        { name: '사이즈2', description: '사이즈을 선택해 주세요.' },
        { name: '색상2', description: '색상을 선택해 주세요.' },
        { name: '추가옵션', description: '추가 옵션을 선택해 주세요.' },
      ],
      [
        { values: ['S12', 'R23', 'A'], addPrice: 0, maxQuantity: 99, stock: 99, extra: '12848' },
        { values: ['S', 'G', 'A'], addPrice: 100, maxQuantity: 99, stock: 99, extra: '12849' },
        { values: ['S', 'B', 'A'], addPrice: 200, maxQuantity: 100, stock: 100, extra: '12850' },
        { values: ['M', 'R', 'A'], addPrice: 300, maxQuantity: 100, stock: 100, extra: '12851' },
        { values: ['M', 'G', 'A'], addPrice: 0, maxQuantity: 100, stock: 100, extra: '12852' },
        { values: ['M', 'B', 'A'], addPrice: 0, maxQuantity: 100, stock: 100, extra: '12853' },
        { values: ['L', 'R', 'A'], addPrice: 0, maxQuantity: 100, stock: 100, extra: '12854' },
        { values: ['L', 'G', 'A'], addPrice: 0, maxQuantity: 100, stock: 100, extra: '12855' },
        { values: ['L', 'B', 'A'], addPrice: 0, maxQuantity: 100, stock: 100, extra: '12856' },
      ],
    ),
    text('주관식', { description: '주관식을 입력해 주세요.', required: false }),
  ],
};

/** Five mugs, whatever their colour. */
const mug: Product = {
  id: 'mug',
  name: '데모샵 머그',
  kind: 'commerce',
  price: 12_000,
  maxQuantity: 5,
  stock: 5,
  useShipping: true,
  shipping: { fee: 0, areas: JEJU },
  agreements: AGREEMENTS,
  groups: [
    choice('색상', ['흰색', { value: '검정', addPrice: 1_000 }, { value: '금색', addPrice: 3_000 }], {
      description: '색상을 선택해 주세요.',
      defaultOptionId: '흰색',
    }),
    choices(
      '추가 상품',
      [
        { value: '선물 포장', addPrice: 2_000 },
        { value: '축하 카드', addPrice: 1_000 },
      ],
      { description: '필요한 상품을 모두 선택해 주세요.', required: false, maxSelect: 2 },
    ),
    text('각인 문구', { description: '머그에 새길 문구를 입력해 주세요.', required: false }),
    numbers('연락처', {
      description: '배송 안내를 받을 휴대폰 번호를 입력해 주세요.',
      minLength: 10,
      maxLength: 11,
      placeholder: '01012345678',
    }),
    integer('보증 기간(일)', { required: false, minValue: 1, maxValue: 365, placeholder: '1~365' }),
    date('배송 희망일', { required: false, placeholder: 'YYYYMMDD' }),
  ],
};

/** A book is tax-free, its wrapping is not. */
const book: Product = {
  id: 'book',
  name: '데모샵 커피 이야기',
  kind: 'commerce',
  price: 15_000,
  taxFreeAmount: 15_000,
  maxQuantity: 5,
  useShipping: true,
  shipping: { fee: 3_000, freeFrom: 30_000, areas: JEJU },
  agreements: AGREEMENTS,
  productUrls: ['https://www.kakao.com'],
  groups: [choices('추가 상품', [{ value: '선물 포장', addPrice: 2_000 }], { required: false })],
};

/** Asks without selling: one question of each type. */
const survey: Product = {
  id: 'survey',
  name: '데모샵 설문',
  kind: 'non-commerce',
  groups: [
    choice('방문 경로', ['카카오톡 채널', '지인 추천', '검색'], { description: '데모샵을 어떻게 알게 되셨나요?' }),
    choices('관심 상품', ['머그', '원두', '디저트'], {
      description: '관심 있는 상품을 모두 선택해 주세요.',
      maxSelect: 3,
    }),
    text('의견', { description: '하고 싶은 말씀을 적어 주세요.', required: false }),
    numbers('휴대폰번호', { minLength: 10, maxLength: 11, placeholder: '01012345678' }),
    integer('방문 횟수', { description: '지난 1년간 방문 횟수', minValue: 1, maxValue: 365, defaultValue: '1' }),
    date('예약일자', { placeholder: 'YYYYMMDD' }),
  ],
};

export const products: Product[] = [winterfell, mug, book, survey];
