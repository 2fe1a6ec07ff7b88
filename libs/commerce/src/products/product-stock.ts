import type { Product, ProductOption, ProductSubGroup } from './product.dto';

/** The stock an option takes from: the one it names, else its own. */
export function skuOf(subGroup: ProductSubGroup, option: ProductOption): string {
  return option.sku ?? `${subGroup.id}/${option.id}`;
}

/** Pieces per sku as a product states them; the sku of the product as a whole is its id. */
export function countedStock(product: Product): Map<string, number> {
  const counts = new Map<string, number>();
  if (product.stock !== undefined) counts.set(product.id, product.stock);
  eachOption(product, (subGroup, option) => {
    if (option.stock !== undefined) counts.set(skuOf(subGroup, option), option.stock);
  });
  return counts;
}

/** The product with other stock: what a sku has none of in `counts` is not counted at all. */
export function withStock(product: Product, counts: ReadonlyMap<string, number>): Product {
  return replaceStock(product, counts.get(product.id), {
    groups: product.groups.map((group) =>
      copy(group, { subGroups: group.subGroups?.map((each) => restocked(each, counts)) }),
    ),
  });
}

function restocked(subGroup: ProductSubGroup, counts: ReadonlyMap<string, number>): ProductSubGroup {
  return copy(subGroup, {
    options: subGroup.options.map((option) => replaceStock(option, counts.get(skuOf(subGroup, option)))),
  });
}

/** Notes what skus hold, to find two options that share one and disagree, or two paths that would share one by chance. */
export class SkuCounts {
  private readonly counts = new Map<string, number | undefined>();
  private readonly named = new Set<string>();

  add(sku: string, count: number): void {
    this.counts.set(sku, count);
    this.named.add(sku);
  }

  clash(sku: string, option: ProductOption): boolean {
    const known = this.counts.get(sku);
    const byChance = this.counts.has(sku) && !(option.sku !== undefined && this.named.has(sku));
    if (option.sku !== undefined) this.named.add(sku);
    if (known === undefined) this.counts.set(sku, option.stock);
    return byChance || (known !== undefined && option.stock !== undefined && known !== option.stock);
  }
}

function replaceStock<T extends { stock?: number }>(holder: T, stock: number | undefined, changes: Partial<T> = {}): T {
  const copied = copy(holder, changes);
  if (stock === undefined) delete copied.stock;
  else copied.stock = stock;
  return copied;
}

/** Products are plain objects of a class's shape; absent fields stay absent. */
function copy<T extends object>(original: T, changes: Partial<T>): T {
  const present = Object.entries(changes).filter(([, value]) => value !== undefined);
  return Object.assign({}, original, Object.fromEntries(present));
}

function eachOption(product: Product, visit: (subGroup: ProductSubGroup, option: ProductOption) => void): void {
  for (const group of product.groups) {
    for (const subGroup of group.subGroups ?? []) {
      for (const option of subGroup.options) visit(subGroup, option);
    }
  }
}
