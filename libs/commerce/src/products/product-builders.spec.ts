import { choice, choices, combination, date, integer, numbers, text } from './product-builders';
import { checkProduct } from '../checker/product-checker';
import type { Product } from './product.dto';

const shirt = (groups: Product['groups']): Product => ({
  id: 'shirt',
  name: '셔츠',
  kind: 'commerce',
  price: 10_000,
  groups,
});

describe('combination', () => {
  const groups = combination(
    ['사이즈', { id: 'colour', name: '색상', description: '색상을 선택해 주세요.' }],
    [
      { values: ['S', '빨강'], stock: 3, extra: '1' },
      { values: ['M', '빨강'], addPrice: 500 },
      { values: ['S', '파랑'], stock: 0 },
    ],
  );

  it('leads through the questions to the articles that exist, in the order they are first named', () => {
    expect(groups).toEqual([
      {
        id: '사이즈',
        name: '사이즈',
        kind: 'choice',
        subGroups: [
          {
            id: '사이즈',
            options: [
              { id: 'S', value: 'S', leadsTo: [{ groupId: 'colour', subGroupId: 'S:colour' }] },
              { id: 'M', value: 'M', leadsTo: [{ groupId: 'colour', subGroupId: 'M:colour' }] },
            ],
          },
        ],
      },
      {
        id: 'colour',
        name: '색상',
        description: '색상을 선택해 주세요.',
        kind: 'choice',
        subGroups: [
          {
            id: 'S:colour',
            options: [
              { id: '빨강', value: '빨강', stock: 3, extra: '1' },
              { id: '파랑', value: '파랑', stock: 0 },
            ],
          },
          { id: 'M:colour', options: [{ id: '빨강', value: '빨강', addPrice: 500 }] },
        ],
      },
    ]);
    expect(checkProduct(shirt(groups))).toEqual([]);
  });

  it('keeps paths apart whose values hold the separator', () => {
    const tricky = combination(
      ['a', 'b', 'c'],
      [{ values: ['x:y', 'z', '1'] }, { values: ['x', 'y:z', '1'] }, { values: ['x%3Ay', 'z', '1'] }],
    );
    expect(checkProduct(shirt(tricky))).toEqual([]);
  });

  it('tells an article twice by its option id', () => {
    const twice = combination(['사이즈'], [{ values: ['S'] }, { values: ['S'] }]);
    expect(checkProduct(shirt(twice))).toEqual([
      { path: 'groups[0].subGroups[0].options[1].id', message: 'S is the id of an earlier option of 사이즈' },
    ]);
  });
});

it('builds the simple groups and forms that pass the checker', () => {
  expect(
    checkProduct(
      shirt([
        choice('색상', ['흰색', { value: '검정', addPrice: 1_000 }], { defaultOptionId: '흰색' }),
        choices('추가', ['포장', '카드'], { required: false, minSelect: 0, maxSelect: 2 }),
        text('문구', { required: false, defaultValue: '감사합니다' }),
        numbers('연락처', { minLength: 10, maxLength: 11, placeholder: '01012345678' }),
        integer('보관 일수', { minValue: 1, maxValue: 365, defaultValue: '30' }),
        date('희망일', { placeholder: 'YYYYMMDD' }),
      ]),
    ),
  ).toEqual([]);
});
