import { choice, choices, combination, date, integer, numbers, text } from '@biz/commerce';
import type { Product, ProductGroup } from '@biz/commerce';
import fc from 'fast-check';

/** Texts that have bitten somebody: colons and percent signs in ids, CSV's own characters, formulas, line ends. */
const VALUES = [
  'S',
  'M',
  '빨강',
  'a:b',
  'a',
  '%3A',
  '=1+1',
  "'=1",
  '+82',
  '-',
  '@x',
  'a,b',
  '"q"',
  "'",
  '두\n줄',
  ' 끝 ',
  '＝',
];
const NAMES = ['사이즈', '색상', '추가:옵션', '=합계', '재고', '옵션', 'q"', 'n,m', '👕'];

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
/** Absent, not undefined, as builders and JSON have it. */
const present = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;

const values = (least: number, most: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: least, maxLength: most });

interface Article {
  addPrice?: number;
  taxFreeAmount?: number;
  stock?: number;
  extra?: string;
  minQuantity?: number;
  maxQuantity?: number;
}

const partOf = (amount: number | undefined, share: number | undefined): number | undefined =>
  amount === undefined || share === undefined ? undefined : Math.floor(amount * share);

/** Price only where it is allowed; enough stock for any selection there is. */
const article = (commerce: boolean): fc.Arbitrary<Article> =>
  fc
    .record({
      addPrice: commerce ? maybe(fc.oneof(fc.constant(0), fc.nat(5_000))) : fc.constant(undefined),
      stock: maybe(fc.integer({ min: 1_000, max: 9_999 })),
      extra: maybe(fc.constantFrom('12848', '=cmd()', 'x, y')),
      bounds: maybe(fc.record({ min: fc.integer({ min: 1, max: 2 }), more: fc.nat(3) })),
      taxFree: maybe(fc.constantFrom(0, 0.5, 1)),
    })
    .map(({ bounds, taxFree, ...rest }) =>
      present({
        ...rest,
        taxFreeAmount: partOf(rest.addPrice, taxFree),
        minQuantity: bounds?.min,
        maxQuantity: bounds && bounds.min + bounds.more,
      }),
    );

const asked = fc
  .record({ required: maybe(fc.boolean()), description: maybe(fc.constantFrom('골라 주세요.')) })
  .map(present);

function simple(name: string, commerce: boolean): fc.Arbitrary<ProductGroup> {
  const options = values(1, 4).chain((ids) =>
    fc.tuple(...ids.map((value) => article(commerce).map((rest) => ({ value, ...rest })))),
  );
  return fc.oneof(
    fc.tuple(options, asked).map(([list, more]) => choice(name, list, more)),
    fc.tuple(options, asked, fc.nat(), fc.nat()).map(([list, more, a, b]) => {
      const maxSelect = 1 + (a % list.length);
      return choices(name, list, { ...more, minSelect: 1 + (b % maxSelect), maxSelect });
    }),
    fc.tuple(options, asked, fc.integer({ min: 1, max: 3 }), fc.nat(2)).map(([list, more, minSelect, extra]) =>
      Object.assign(
        choices(
          name,
          list.map((option) => ({ ...option, minQuantity: 1, maxQuantity: 5 })),
          { ...more, minSelect, maxSelect: minSelect + extra },
        ),
        { kind: 'counts' as const },
      ),
    ),
  );
}

const related = (names: string[], commerce: boolean): fc.Arbitrary<ProductGroup[]> =>
  fc
    .uniqueArray(
      fc.tuple(fc.tuple(...names.map(() => fc.constantFrom(...VALUES))), article(commerce)).map(([path, rest]) => ({
        values: path,
        ...rest,
      })),
      { selector: (sku) => JSON.stringify(sku.values), minLength: 1, maxLength: 12 },
    )
    .map((skus) => combination(names, skus));

const form = (name: string): fc.Arbitrary<ProductGroup> =>
  fc.oneof(
    asked.map((more) => text(name, more)),
    fc
      .tuple(asked, fc.integer({ min: 1, max: 11 }), fc.nat(5))
      .map(([more, minLength, longer]) => numbers(name, { ...more, minLength, maxLength: minLength + longer })),
    fc
      .tuple(asked, fc.integer({ min: -500, max: 500 }), fc.nat(400))
      .map(([more, minValue, wider]) => integer(name, { ...more, minValue, maxValue: minValue + wider })),
    asked.map((more) => date(name, { ...more, placeholder: 'YYYYMMDD' })),
  );

function groups(commerce: boolean): fc.Arbitrary<ProductGroup[]> {
  return fc
    .tuple(fc.shuffledSubarray(NAMES, { minLength: 5, maxLength: 5 }), fc.nat(3), fc.nat(2), fc.boolean())
    .chain(([names, count, forms, chain]) => {
      const chosen = names.slice(0, chain ? Math.max(2, count) : count);
      const selections = chain ? related(chosen, commerce) : fc.tuple(...chosen.map((name) => simple(name, commerce)));
      // A non-commerce product has to ask something.
      const asking = !commerce && chosen.length === 0 ? Math.max(1, forms) : forms;
      const inputs = names.slice(3, 3 + asking);
      return fc.tuple(selections, fc.tuple(...inputs.map(form))).map(([one, two]) => [...one, ...two]);
    });
}

/** Any product that may be served. */
export const anyProduct: fc.Arbitrary<Product> = fc
  .constantFrom('commerce' as const, 'non-commerce' as const)
  .chain((kind) =>
    fc
      .record({
        kakaoId: maybe(fc.constant('101:p')),
        name: fc.constantFrom('윈터펠', '=상품'),
        price: kind === 'commerce' ? maybe(fc.nat(100_000)) : fc.constant(undefined),
        quantities: maybe(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(4), fc.nat(4))),
        stock: maybe(fc.integer({ min: 1_000, max: 9_999 })),
        useShipping: maybe(fc.boolean()),
        taxFree: maybe(fc.constantFrom(0, 0.5, 1)),
        fee: maybe(fc.nat(5_000)),
        groups: groups(kind === 'commerce'),
      })
      .map(({ quantities, taxFree, fee, ...rest }): Product => {
        const [min, more, start] = quantities ?? [];
        const bounds = min === undefined ? {} : { minQuantity: min, maxQuantity: min + (more ?? 0) };
        const first = min === undefined ? {} : { defaultQuantity: min + ((start ?? 0) % ((more ?? 0) + 1)) };
        const shipping =
          kind === 'commerce' && rest.useShipping === true && fee !== undefined
            ? { shipping: { fee, areas: [{ from: '63000', to: '63644', extra: fee }] } }
            : {};
        const taxFreeAmount = partOf(rest.price, taxFree);
        return present({ id: 'p', kind, ...rest, taxFreeAmount, ...shipping, ...bounds, ...first });
      }),
  );
