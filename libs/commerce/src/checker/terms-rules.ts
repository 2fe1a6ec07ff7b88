import type { Product } from '../products/product.dto';
import type { ShippingArea } from '../products/product-terms.dto';
import type { Problem } from '@biz/platform';

/** What payment alone asks for: only what is sold has it. */
const OF_COMMERCE = ['shipping', 'taxFreeAmount', 'agreements', 'productUrls'] as const satisfies (keyof Product)[];
/** Five digits are a zone_code, six a post_no. */
const POSTAL_CODE = /^\d{5,6}$/;

/** What is wrong with shipping, tax-free parts, agreements and addresses of a product. */
export function* termsProblems(product: Product): Generator<Problem> {
  if (product.kind === 'non-commerce') {
    for (const path of OF_COMMERCE)
      if (product[path] !== undefined) yield { path, message: 'is for commerce products only' };
  }
  yield* taxFreeProblems(product);
  const { shipping, useShipping } = product;
  if (shipping === undefined) return;
  if (useShipping !== true) yield { path: 'shipping', message: 'is for products with useShipping true' };
  yield* areaProblems(shipping.areas ?? []);
}

function* taxFreeProblems({ price = 0, taxFreeAmount = 0, groups }: Product): Generator<Problem> {
  if (taxFreeAmount > price) yield { path: 'taxFreeAmount', message: `must not exceed the price ${price}` };
  for (const [at, { subGroups = [] }] of groups.entries()) {
    for (const [below, { options }] of subGroups.entries()) {
      for (const [last, { addPrice = 0, taxFreeAmount: part = 0 }] of options.entries()) {
        if (part >= Math.min(addPrice, 0) && part <= Math.max(addPrice, 0)) continue;
        const path = `groups[${at}].subGroups[${below}].options[${last}].taxFreeAmount`;
        yield { path, message: `must be from 0 to addPrice ${addPrice}` };
      }
    }
  }
}

function* areaProblems(areas: readonly ShippingArea[]): Generator<Problem> {
  for (const [at, area] of areas.entries()) {
    const path = `shipping.areas[${at}]`;
    const wrong = (['from', 'to'] as const).filter((end) => !POSTAL_CODE.test(area[end]));
    for (const end of wrong)
      yield { path: `${path}.${end}`, message: 'must be a postal code of 5 digits, or 6 of the old kind' };
    if (wrong.length > 0) continue;
    if (area.from.length !== area.to.length) yield { path: `${path}.to`, message: 'must have as many digits as from' };
    else if (area.from > area.to) yield { path: `${path}.from`, message: `is over the last postal code ${area.to}` };
    const twin = areas.slice(0, at).findIndex((earlier) => overlap(earlier, area));
    if (twin >= 0) yield { path, message: `shares postal codes with areas[${twin}]` };
  }
}

const overlap = (one: ShippingArea, other: ShippingArea): boolean =>
  one.from.length === other.from.length && one.from <= other.to && other.from <= one.to;
