import { inputProblem } from '../checker/input-answer';
import { countedStock, skuOf } from '../products/product-stock';
import type { Left } from '../products/left';
import type { Product, ProductGroup, ProductOption, ProductSubGroup } from '../products/product.dto';
import type { Problem } from '@biz/platform';
import { MAX_AMOUNT } from '../checker/product-reader';
import type { StockLine } from '../stock/stock-line';
import type { Answer, Chosen, Priced, Selection } from './selection';

/** Either the price, or everything that is wrong; the first problem is the one to tell the customer, in Korean. */
export type PricedSelection = { ok: true; priced: Priced } | { ok: false; problems: Problem[] };

/**
 * Checks a selection against the product as it is now, stock included, and prices it.
 *
 * `price × quantity + Σ addPrice × option quantity`, in won. The product must have passed the checker.
 * @param left what is left of each sku that is counted; what the product states when absent
 */
export function priceSelection(
  product: Product,
  selection: Selection,
  left: Left = countedStock(product),
): PricedSelection {
  const reading = new Reading(product, selection, left);
  return reading.problems.length > 0
    ? { ok: false, problems: reading.problems }
    : { ok: true, priced: reading.priced() };
}

/** An answer with its place in the request, for the path of a problem. */
interface Given {
  answer: Answer;
  path: string;
}

const CHANGED = '상품 정보가 변경되었습니다. 옵션을 다시 선택해 주세요.';

class Reading {
  readonly problems: Problem[] = [];
  private readonly quantity: number;
  private readonly given = new Map<string, Given[]>();
  private readonly chosen: Chosen[] = [];
  private readonly taken = new Map<string, { quantity: number; stock: number; name: string; path: string }>();
  /** Related groups and the sub-group the path has opened; `undefined` while it has not. */
  private readonly opened: Map<string, string | undefined>;
  private total = 0;
  private taxFree = 0;

  constructor(
    private readonly product: Product,
    private readonly selection: Selection,
    private readonly left: Left,
  ) {
    this.quantity = selection.quantity ?? product.defaultQuantity ?? 1;
    this.opened = relatedGroups(product);
    this.productItself();
    this.sortAnswers();
    for (const group of product.groups) this.group(group, this.given.get(group.id) ?? []);
    this.stock();
    this.amount();
  }

  priced(): Priced {
    const lines = [...this.taken]
      .map(([sku, { quantity }]): StockLine => ({ productId: this.product.id, sku, quantity }))
      .filter(({ quantity }) => quantity > 0);
    const { quantity, total, chosen } = this;
    // A taxable discount may take off more than the taxable part.
    return { quantity, total, taxFreeAmount: Math.min(Math.max(this.taxFree, 0), total), chosen, lines };
  }

  private productItself(): void {
    const { product, selection, quantity } = this;
    if (selection.productId !== product.id && selection.productId !== product.kakaoId) this.wrong('productId', CHANGED);
    if ((selection.price ?? 0) !== (product.price ?? 0))
      this.wrong('price', '상품 가격이 변경되었습니다. 옵션을 다시 선택해 주세요.');
    const { minQuantity = 1, maxQuantity = 1 } = product;
    if (quantity < minQuantity || quantity > maxQuantity) {
      this.wrong('quantity', `구매 수량은 ${rangeOf(minQuantity, maxQuantity, '개')}만 선택할 수 있습니다.`);
    }
    this.add(product.price, product.taxFreeAmount, quantity);
    this.take(product.id, quantity, product.name, 'quantity');
  }

  private sortAnswers(): void {
    const known = new Set(this.product.groups.map(({ id }) => id));
    this.selection.answers.forEach((answer, at) => {
      const given = { answer, path: `answers[${at}]` };
      const others = this.given.get(answer.groupId);
      if (!known.has(answer.groupId)) this.wrong(`${given.path}.groupId`, CHANGED);
      else if (others === undefined) this.given.set(answer.groupId, [given]);
      else others.push(given);
    });
  }

  private group(group: ProductGroup, given: Given[]): void {
    if (group.subGroups === undefined) this.input(group, given);
    else this.selectionGroup(group, given);
  }

  private input(group: ProductGroup, given: Given[]): void {
    const filled = given.filter(({ answer }) => (answer.text ?? '').trim() !== '');
    for (const { answer, path } of given) this.asServed({}, answer, group, path);
    const [first, second] = filled;
    if (second !== undefined) this.wrong(second.path, `'${group.name}' 항목은 한 번만 입력할 수 있습니다.`);
    if (first === undefined) {
      if (group.required !== false) this.wrong(`answers:${group.id}`, `'${group.name}' 항목을 입력해 주세요.`);
      return;
    }
    const text = first.answer.text ?? '';
    const problem = inputProblem(group, text);
    if (problem !== undefined) this.wrong(`${first.path}.text`, `'${group.name}' 항목: ${problem}`);
    this.chosen.push({ groupId: group.id, group: group.name, kind: group.kind, text });
  }

  private selectionGroup(group: ProductGroup, given: Given[]): void {
    const subGroup = this.subGroupOf(group);
    if (subGroup === undefined) {
      for (const { path } of given) this.wrong(path, `'${group.name}' 항목은 앞의 옵션을 먼저 선택해야 합니다.`);
      // Mostly the question before it is open or wrong itself; an optional one that was left out is neither.
      if (given.length === 0 && group.required !== false && this.problems.length === 0) this.missing(group);
      return;
    }
    if (given.length === 0) {
      if (group.required !== false) this.missing(group);
      return;
    }
    const seen = new Set<string>();
    let pieces = 0;
    const options = new Map(subGroup.options.map((option) => [option.id, option]));
    for (const { answer, path } of inOrderOf(subGroup, given)) {
      const option = options.get(answer.optionId ?? '');
      if (option === undefined) {
        this.unknownOption(group, answer, path);
        continue;
      }
      if (seen.has(option.id)) this.wrong(`${path}.optionId`, `'${option.value}' 옵션이 중복 선택되었습니다.`);
      seen.add(option.id);
      pieces += this.option(group, subGroup, option, answer, path);
    }
    this.selectBounds(group, subGroup, group.kind === 'counts' ? pieces : given.length, given);
  }

  /** Answers the pieces taken of the option. */
  private option(
    group: ProductGroup,
    subGroup: ProductSubGroup,
    option: ProductOption,
    answer: Answer,
    path: string,
  ): number {
    const quantity = answer.quantity ?? this.quantity;
    const { minQuantity, maxQuantity } = option;
    // Bounds nobody stated bind a quantity of the option's own, not the product's that it merely follows.
    const own = quantity !== this.quantity || group.kind === 'counts';
    // No piece of an option is no choice of it.
    const least = group.kind === 'counts' ? 0 : 1;
    const min = Math.max(minQuantity ?? (own ? 1 : 0), least);
    const max = maxQuantity ?? (own ? 1 : Infinity);
    if (quantity < min || quantity > max) {
      this.wrong(
        `${path}.quantity`,
        `'${option.value}' 옵션은 ${rangeOf(Math.max(minQuantity ?? 1, least), maxQuantity ?? 1, '개')}만 선택할 수 있습니다.`,
      );
    }
    this.asServed(option, answer, group, path);
    this.add(option.addPrice, option.taxFreeAmount, quantity);
    this.take(skuOf(subGroup, option), quantity, option.value, `${path}.optionId`);
    for (const { groupId, subGroupId } of option.leadsTo ?? []) this.opened.set(groupId, subGroupId);
    this.chosen.push({
      groupId: group.id,
      group: group.name,
      kind: group.kind,
      optionId: option.id,
      option: option.value,
      ...(option.addPrice === undefined ? {} : { addPrice: option.addPrice }),
      quantity,
      ...(option.extra === undefined ? {} : { extra: option.extra }),
    });
    return quantity;
  }

  /** What T1 did not state counts as 0 or empty. */
  private asServed(
    served: { addPrice?: number; extra?: string },
    answer: Answer,
    group: ProductGroup,
    path: string,
  ): void {
    if ((answer.addPrice ?? 0) !== (served.addPrice ?? 0)) {
      this.wrong(`${path}.addPrice`, `'${group.name}' 항목의 가격이 변경되었습니다. 옵션을 다시 선택해 주세요.`);
    }
    if ((answer.extra ?? '') !== (served.extra ?? '')) this.wrong(`${path}.extra`, CHANGED);
  }

  private missing(group: ProductGroup): void {
    this.wrong(`answers:${group.id}`, `'${group.name}' 항목을 선택해 주세요.`);
  }

  private selectBounds(group: ProductGroup, subGroup: ProductSubGroup, count: number, given: Given[]): void {
    const { minSelect = 1, maxSelect = 1 } = subGroup;
    if (count >= minSelect && count <= maxSelect) return;
    const path = given.at(-1)?.path ?? `answers:${group.id}`;
    this.wrong(path, `'${group.name}' 항목은 ${rangeOf(minSelect, maxSelect, '개')}만 선택할 수 있습니다.`);
  }

  private unknownOption(group: ProductGroup, answer: Answer, path: string): void {
    if (answer.optionId === undefined) {
      this.wrong(`${path}.optionId`, `'${group.name}' 항목을 선택해 주세요.`);
      return;
    }
    const elsewhere = group.subGroups?.some(({ options }) => options.some(({ id }) => id === answer.optionId));
    this.wrong(
      `${path}.optionId`,
      elsewhere ? `'${group.name}' 항목에서 선택할 수 없는 조합입니다. 옵션을 다시 선택해 주세요.` : CHANGED,
    );
  }

  private subGroupOf(group: ProductGroup): ProductSubGroup | undefined {
    if (!this.opened.has(group.id)) return group.subGroups?.[0];
    const id = this.opened.get(group.id);
    return group.subGroups?.find((subGroup) => subGroup.id === id);
  }

  private take(sku: string, quantity: number, name: string, path: string): void {
    const stock = this.left.get(sku);
    if (stock === undefined) return;
    const before = this.taken.get(sku)?.quantity ?? 0;
    this.taken.set(sku, { quantity: before + quantity, stock, name, path });
  }

  private stock(): void {
    for (const { quantity, stock, name, path } of this.taken.values()) {
      if (quantity <= stock) continue;
      this.wrong(
        path,
        stock > 0 ? `'${name}' 재고가 부족합니다. (남은 수량 ${stock}개)` : `'${name}' 상품은 품절되었습니다.`,
      );
    }
  }

  private add(won = 0, taxFree = 0, quantity: number): void {
    this.taxFree += taxFree * quantity;
    const amount = won * quantity;
    // Beyond 32 bits at any step is refused, so no sum that is kept was ever rounded.
    this.total = Math.abs(amount) > MAX_AMOUNT || Math.abs(this.total) > MAX_AMOUNT ? Infinity : this.total + amount;
  }

  private amount(): void {
    if (this.total >= 0 && this.total <= MAX_AMOUNT) return;
    this.wrong('quantity', '주문할 수 없는 금액입니다. 수량과 옵션을 확인해 주세요.');
  }

  private wrong(path: string, message: string): void {
    this.problems.push({ path, message });
  }
}

function relatedGroups(product: Product): Map<string, string | undefined> {
  const related = new Map<string, string | undefined>();
  for (const group of product.groups) {
    for (const subGroup of group.subGroups ?? []) {
      for (const option of subGroup.options) {
        for (const { groupId } of option.leadsTo ?? []) related.set(groupId, undefined);
      }
    }
  }
  return related;
}

/** The product's order, not the request's, so that the same choices make the same draft. */
function inOrderOf(subGroup: ProductSubGroup, given: Given[]): Given[] {
  if (given.length < 2) return given;
  const position = new Map(subGroup.options.map(({ id }, at) => [id, at]));
  const rank = ({ answer }: Given) => position.get(answer.optionId ?? '') ?? Infinity;
  return given.toSorted((a, b) => Math.sign(rank(a) - rank(b)) || 0);
}

function rangeOf(min: number, max: number, unit: string): string {
  return min === max ? `${min}${unit}` : `${min}~${max}${unit}까지`;
}
