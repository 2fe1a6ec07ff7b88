import { checkProduct, countedStock, priceSelection } from '@biz/commerce';
import type { Answer, Product, ProductGroup, ProductOption, Selection } from '@biz/commerce';
import { OptionsAnswer } from '@biz/kakao-dto';
import { instanceToPlain, plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { optionsAnswer } from '../src/options/options-answer';
import { anyProduct } from './any-product';
import { anySelection } from './any-selection';
import type { Chosen } from './any-selection';

const RUNS = { numRuns: 2_000 };
const MAX = 2_147_483_647;

it('builders make only products that pass the checker', () => {
  fc.assert(
    fc.property(anyProduct, (product) => {
      expect(checkProduct(product)).toEqual([]);
    }),
    RUNS,
  );
});

it('T1 round-trips through its own DTO, and says of stock what is left', () => {
  fc.assert(
    fc.property(anyProduct, (product) => {
      const text = optionsAnswer({ product, left: countedStock(product), version: 1 }).toString();
      const answer = JSON.parse(text) as unknown;
      const dto = plainToInstance(OptionsAnswer, answer);
      expect(validateSync(dto, { whitelist: true, forbidNonWhitelisted: true })).toEqual([]);
      expect(instanceToPlain(dto)).toEqual(answer);
      const stocks = product.groups.flatMap((group) =>
        (group.subGroups ?? []).flatMap(({ options }) =>
          options.map(({ stock }) => (group === carrier(product) ? least(stock, product.stock) : stock)),
        ),
      );
      expect(
        dto.data?.option_groups.flatMap((group) =>
          (group.option_sub_groups ?? []).flatMap(({ options }) => options.map(({ stock }) => stock)),
        ),
      ).toEqual(stocks);
    }),
    { numRuns: 500 },
  );
});
const carrier = ({ groups }: Product): ProductGroup | undefined =>
  groups.find(({ kind, required }) => kind === 'choice' && required !== false);
const least = (a?: number, b?: number): number | undefined =>
  a !== undefined && b !== undefined ? Math.min(a, b) : (a ?? b);

it('accepts every valid selection at the right total, commerce and non-commerce', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anySelection, ({ product, selection, total }) => {
      const result = priceSelection(product, selection);
      expect(result).toMatchObject({ ok: true, priced: { total: Number(total) } });
      seen.add(product.kind);
    }),
    RUNS,
  );
  expect([...seen].sort()).toEqual(['commerce', 'non-commerce']);
});

/** An answer of the selection with the group and the option it means. */
interface Told {
  at: number;
  answer: Answer;
  group: ProductGroup;
  option?: ProductOption;
}

function told({ product, selection }: Chosen): Told[] {
  const opened = new Map<string, string>();
  return product.groups.flatMap((group) => {
    const subGroup = group.subGroups?.find(({ id }, index) => (opened.get(group.id) ?? (index === 0 ? id : '')) === id);
    return selection.answers.flatMap((answer, at) => {
      if (answer.groupId !== group.id) return [];
      const option = subGroup?.options.find(({ id }) => id === answer.optionId);
      for (const { groupId, subGroupId } of option?.leadsTo ?? []) opened.set(groupId, subGroupId);
      return { at, answer, group, ...(option && { option }) };
    });
  });
}

/** Does one thing wrong; nothing when this selection gives no occasion. */
type Mutation = (chosen: Chosen) => Selection | undefined;
const onAnswer =
  (change: (told: Told, chosen: Chosen) => Partial<Answer> | undefined): Mutation =>
  (chosen) => {
    const changes = told(chosen).flatMap((each) => {
      const changed = change(each, chosen);
      return changed === undefined ? [] : [{ at: each.at, changed }];
    });
    if (changes.length === 0) return undefined;
    const { at, changed } = changes[chosen.dice(changes.length)]!;
    const { selection } = chosen;
    return {
      ...selection,
      answers: selection.answers.map((answer, index) => (index === at ? { ...answer, ...changed } : answer)),
    };
  };
const extraAnswer =
  (make: (chosen: Chosen) => Answer[]): Mutation =>
  (chosen) => {
    const more = make(chosen);
    const { selection } = chosen;
    return more.length === 0
      ? undefined
      : { ...selection, answers: [...selection.answers, more[chosen.dice(more.length)]!] };
  };
const form =
  (kind: ProductGroup['kind'], text: (group: ProductGroup) => string | undefined): Mutation =>
  (chosen) =>
    onAnswer(({ group }) => {
      const wrong = group.kind === kind ? text(group) : undefined;
      return wrong === undefined ? undefined : { text: wrong };
    })(chosen);
const quantityOf = ({ product, selection }: Chosen): number => selection.quantity ?? product.defaultQuantity ?? 1;

const MUTATIONS: Record<string, Mutation> = {
  'another product': ({ selection }) => ({ ...selection, productId: 'q' }),
  'another price': ({ selection }) => ({ ...selection, price: (selection.price ?? 0) + 1 }),
  'a price left out': ({ selection }) =>
    (selection.price ?? 0) === 0 ? undefined : { ...selection, price: undefined },
  'more than may be bought': ({ product, selection }) => ({ ...selection, quantity: (product.maxQuantity ?? 1) + 1 }),
  'fewer than must be bought': ({ product, selection }) => ({ ...selection, quantity: (product.minQuantity ?? 1) - 1 }),
  'a required group left open': (chosen) => {
    const { product, selection, dice } = chosen;
    const needed = product.groups.filter(({ required }) => required !== false);
    const { id } = needed[dice(Math.max(1, needed.length))] ?? {};
    return id === undefined
      ? undefined
      : { ...selection, answers: selection.answers.filter(({ groupId }) => groupId !== id) };
  },
  'a group that does not exist': extraAnswer(() => [{ groupId: 'no such group', optionId: 'S' }]),
  'an option that does not exist': onAnswer(({ option }) => option && { optionId: 'no such option' }),
  'an empty option': onAnswer(({ option }) => option && { optionId: undefined }),
  'two options where one may be taken': extraAnswer(({ product, selection }) =>
    product.groups
      .filter(({ kind, id }) => kind === 'choice' && selection.answers.some(({ groupId }) => groupId === id))
      .flatMap((group) => group.subGroups!.flatMap(({ options }) => options))
      .flatMap((option) =>
        product.groups
          .filter(
            ({ kind, subGroups }) => kind === 'choice' && subGroups?.some(({ options }) => options.includes(option)),
          )
          .map(({ id }) => ({ groupId: id, optionId: option.id, addPrice: option.addPrice ?? 0, extra: option.extra })),
      ),
  ),
  'one option twice': extraAnswer((chosen) => told(chosen).flatMap(({ answer, option }) => (option ? [answer] : []))),
  'more options than may be taken': (chosen) => {
    const { product, selection } = chosen;
    for (const { kind, id, subGroups } of product.groups) {
      const { options = [], maxSelect = 1 } = subGroups?.[0] ?? {};
      const taken = selection.answers.filter(({ groupId }) => groupId === id);
      if (kind !== 'choices' || taken.length === 0 || options.length <= maxSelect) continue;
      const rest = options.filter((option) => !taken.some(({ optionId }) => optionId === option.id));
      const more = rest.slice(0, maxSelect + 1 - taken.length).map((option) => ({
        ...{ groupId: id, optionId: option.id, addPrice: option.addPrice ?? 0, quantity: option.minQuantity ?? 1 },
        ...(option.extra !== undefined && { extra: option.extra }),
      }));
      return { ...selection, answers: [...selection.answers, ...more] };
    }
    return undefined;
  },
  'fewer options than must be taken': (chosen) => {
    const { product, selection } = chosen;
    const group = product.groups.find(
      ({ kind, id, subGroups }) =>
        kind === 'choices' &&
        (subGroups?.[0]?.minSelect ?? 1) > 1 &&
        selection.answers.some(({ groupId }) => groupId === id),
    );
    if (group === undefined) return undefined;
    const first = selection.answers.find(({ groupId }) => groupId === group.id);
    return { ...selection, answers: selection.answers.filter((each) => each === first || each.groupId !== group.id) };
  },
  'more pieces than a count allows': onAnswer(({ group, option }) =>
    group.kind === 'counts' && option ? { quantity: (group.subGroups?.[0]?.maxSelect ?? 1) + 1 } : undefined,
  ),
  'fewer pieces than a count needs': onAnswer(({ group, option }) =>
    group.kind === 'counts' && option ? { quantity: (group.subGroups?.[0]?.minSelect ?? 1) - 1 } : undefined,
  ),
  'another add price': onAnswer(({ answer, option }) => option && { addPrice: (answer.addPrice ?? 0) + 1 }),
  'an add price left out': onAnswer(({ option }) =>
    (option?.addPrice ?? 0) === 0 ? undefined : { addPrice: undefined },
  ),
  'another extra': onAnswer(({ option }) => option && { extra: 'no such extra' }),
  'an extra left out': onAnswer(({ option }) => (option?.extra === undefined ? undefined : { extra: undefined })),
  'more of an option than may be taken': onAnswer(({ option }) =>
    option?.maxQuantity === undefined ? undefined : { quantity: option.maxQuantity + 1 },
  ),
  'less of an option than must be taken': onAnswer(({ option }) =>
    option?.minQuantity === undefined ? undefined : { quantity: option.minQuantity - 1 },
  ),
  'several of an option without bounds': onAnswer(({ option }, chosen) =>
    option && option.maxQuantity === undefined ? { quantity: quantityOf(chosen) + 1 } : undefined,
  ),
  'an option of another path': onAnswer(({ group, option }) => {
    const others = (group.subGroups ?? [])
      .filter(({ options }) => option && !options.includes(option))
      .flatMap(({ options }) => options);
    const wrong = others.find(
      ({ id }) =>
        !group.subGroups?.some(
          ({ options }) => option && options.includes(option) && options.some((each) => each.id === id),
        ),
    );
    return wrong && { optionId: wrong.id };
  }),
  'a form twice': extraAnswer((chosen) =>
    told(chosen).flatMap(({ answer }) => (answer.text === undefined ? [] : [answer])),
  ),
  'a form with a price': onAnswer(({ answer }) => (answer.text === undefined ? undefined : { addPrice: 1 })),
  'blanks in a required form': onAnswer(({ answer, group }) =>
    answer.text !== undefined && group.required !== false ? { text: ' \n' } : undefined,
  ),
  'too many digits': form('numbers', ({ maxLength }) => '1'.repeat(maxLength! + 1)),
  'too few digits': form('numbers', ({ minLength }) => (minLength === 1 ? undefined : '1'.repeat(minLength! - 1))),
  'letters among digits': form('numbers', ({ minLength }) => 'a'.repeat(minLength!)),
  'a number too large': form('integer', ({ maxValue }) => String(maxValue! + 1)),
  'a number too small': form('integer', ({ minValue }) => String(minValue! - 1)),
  'half a number': form('integer', ({ minValue }) => `${minValue!}.5`),
  'a day that is none': form('date', () => '20260230'),
  'a day in words': form('date', () => '내일'),
};

it('refuses every selection with one thing wrong, and tells it in Korean; each of the ways was seen', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(anySelection, (chosen) => {
      for (const [name, mutate] of Object.entries(MUTATIONS)) {
        const wrong = mutate(chosen);
        if (wrong === undefined) continue;
        seen.set(name, (seen.get(name) ?? 0) + 1);
        const result = priceSelection(chosen.product, wrong);
        if (result.ok) throw new Error(`accepted with ${name}: ${JSON.stringify(wrong)}`);
        expect(result.problems[0]?.message).toMatch(/[가-힣]/);
        expect(result.problems.every(({ path }) => path !== '')).toBe(true);
      }
    }),
    RUNS,
  );
  expect(Object.keys(MUTATIONS).filter((name) => (seen.get(name) ?? 0) < 20)).toEqual([]);
});

it('refuses what is sold out, whichever stock it takes from', () => {
  fc.assert(
    fc.property(anySelection, ({ product, selection }) => {
      const result = priceSelection(product, selection);
      if (!result.ok) throw new Error('was valid');
      for (const { sku, quantity } of result.priced.lines) {
        const left = new Map(countedStock(product)).set(sku, quantity - 1);
        expect(priceSelection(product, selection, left)).toMatchObject({ ok: false });
        expect(priceSelection(product, selection, left.set(sku, quantity))).toMatchObject({ ok: true });
      }
    }),
    RUNS,
  );
});

it('never answers a sum that is not exact: any prices and quantities up to the bounds', () => {
  const won = fc.oneof(fc.integer({ min: -MAX, max: MAX }), fc.constantFrom(-MAX, MAX, 0, 1, -1));
  const pieces = fc.oneof(fc.integer({ min: 1, max: MAX }), fc.constantFrom(1, 2, MAX));
  const part = fc.tuple(won, pieces).map((one) => [one]);
  // Two sums far beyond 2^53 that nearly cancel each other: rounded, they would look like a small one.
  const pair = fc
    .tuple(fc.integer({ min: MAX - 9, max: MAX }), fc.integer({ min: MAX - 9, max: MAX }), fc.nat(2))
    .map(([price, own, less]): [number, number][] => [
      [price, own],
      [-price, own - less],
    ]);
  const several = fc.array(fc.oneof(part, pair), { minLength: 1, maxLength: 3 }).map((all) => all.flat());
  fc.assert(
    fc.property(fc.nat(MAX), pieces, several, (price, quantity, parts) => {
      const options = parts.map(([addPrice], at) => ({
        id: String(at),
        value: String(at),
        addPrice,
        maxQuantity: MAX,
      }));
      const product: Product = {
        ...{ id: 'p', name: 'p', kind: 'commerce', price, maxQuantity: MAX },
        groups: [{ id: 'g', name: 'g', kind: 'choices', subGroups: [{ id: 'g', options, maxSelect: parts.length }] }],
      };
      const answers = parts.map(([addPrice, own], at) => ({
        groupId: 'g',
        optionId: String(at),
        addPrice,
        quantity: own,
      }));
      const result = priceSelection(product, { productId: 'p', price, quantity, answers });
      const exact = parts.reduce(
        (sum, [addPrice, own]) => sum + BigInt(addPrice) * BigInt(own),
        BigInt(price) * BigInt(quantity),
      );
      if (result.ok) expect(BigInt(result.priced.total)).toBe(exact);
      else expect(result.problems.map(({ path }) => path)).toEqual(['quantity']);
      if (exact < 0n || exact > BigInt(MAX)) expect(result.ok).toBe(false);
    }),
    RUNS,
  );
});
