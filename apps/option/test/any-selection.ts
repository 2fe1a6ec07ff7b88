import type { Answer, Product, ProductGroup, ProductOption, ProductSubGroup, Selection } from '@biz/commerce';
import fc from 'fast-check';
import { anyProduct } from './any-product';

/** A selection that must be accepted, and what it must cost. */
export interface Chosen {
  product: Product;
  selection: Selection;
  total: bigint;
  /** More of the same chance, for what is done to it. */
  dice: Dice;
}

export type Dice = (sides: number) => number;

/** Any product with any selection of it that keeps the rules. */
export const anySelection: fc.Arbitrary<Chosen> = fc
  .tuple(anyProduct, fc.array(fc.nat(9_999), { minLength: 40, maxLength: 40 }))
  .map(([product, rolls]) => {
    let at = 0;
    const dice: Dice = (sides) => (rolls[at++ % rolls.length] ?? 0) % sides;
    return { ...select(product, dice), product, dice };
  });

/** Walks a product as a customer does; the sum is made here as the contract says, and shares no code with the app. */
function select(product: Product, dice: Dice): { selection: Selection; total: bigint } {
  const { minQuantity = 1, maxQuantity = 1, defaultQuantity = 1 } = product;
  const explicit = dice(2) === 0;
  const quantity = explicit ? minQuantity + dice(maxQuantity - minQuantity + 1) : defaultQuantity;
  let total = BigInt(product.price ?? 0) * BigInt(quantity);
  const answers: Answer[] = [];
  const opened = new Map<string, string>();
  const linked = new Set(
    product.groups.flatMap((group) =>
      (group.subGroups ?? []).flatMap(({ options }) =>
        options.flatMap(({ leadsTo = [] }) => leadsTo.map(({ groupId }) => groupId)),
      ),
    ),
  );
  const take = (group: ProductGroup, option: ProductOption, pieces?: number): void => {
    const { min, max } = { min: option.minQuantity ?? 1, max: option.maxQuantity ?? 1 };
    const stated = option.minQuantity !== undefined || option.maxQuantity !== undefined;
    // One that states no bounds follows the product.
    const own = pieces ?? (stated ? min + dice(max - min + 1) : quantity);
    const tell = pieces !== undefined || stated || dice(2) === 0;
    total += BigInt(option.addPrice ?? 0) * BigInt(own);
    answers.push({
      groupId: group.id,
      optionId: option.id,
      ...((option.addPrice !== undefined || dice(2) === 0) && { addPrice: option.addPrice ?? 0 }),
      ...(tell && { quantity: own }),
      ...(option.extra !== undefined && { extra: option.extra }),
    });
    for (const { groupId, subGroupId } of option.leadsTo ?? []) opened.set(groupId, subGroupId);
  };
  for (const group of product.groups) {
    if (group.required === false && dice(3) === 0) continue;
    if (group.subGroups === undefined) {
      answers.push({ groupId: group.id, text: textFor(group, dice) });
      continue;
    }
    const subGroup = linked.has(group.id)
      ? group.subGroups.find(({ id }) => id === opened.get(group.id))
      : group.subGroups[0];
    if (subGroup === undefined) throw new Error(`the path of ${group.id} is not open`);
    if (group.kind === 'counts') {
      const [first] = subGroup.options;
      if (first !== undefined) take(group, first, piecesOf(subGroup, dice));
    } else {
      for (const option of drawn(subGroup, dice)) take(group, option);
    }
  }
  for (let at = answers.length; at > 0; at--) {
    const other = dice(at);
    answers.push(...answers.splice(other, 1));
  }
  const ids = product.kakaoId === undefined ? [product.id] : [product.id, product.kakaoId];
  return {
    selection: {
      productId: ids[dice(ids.length)] ?? '',
      ...(product.price !== undefined && { price: product.price }),
      ...(explicit && { quantity }),
      answers,
    },
    total,
  };
}

const piecesOf = ({ minSelect = 1, maxSelect = 1 }: ProductSubGroup, dice: Dice): number =>
  minSelect + dice(maxSelect - minSelect + 1);

function drawn({ options, minSelect = 1, maxSelect = 1 }: ProductSubGroup, dice: Dice): ProductOption[] {
  const left = [...options];
  const count = minSelect + dice(maxSelect - minSelect + 1);
  return Array.from({ length: count }, () => left.splice(dice(left.length), 1)).flat();
}

function textFor({ kind, minLength = 1, maxLength = 1, minValue = 0, maxValue = 0 }: ProductGroup, dice: Dice): string {
  const digits = minLength + dice(maxLength - minLength + 1);
  switch (kind) {
    case 'numbers':
      return Array.from({ length: digits }, () => String(dice(10))).join('');
    case 'integer':
      return String(minValue + dice(maxValue - minValue + 1));
    case 'date':
      return ['20261224', '20240229', '19991231'][dice(3)] ?? '';
    default:
      return ['생일 축하해', '=1+1', 'a'][dice(3)] ?? '';
  }
}
