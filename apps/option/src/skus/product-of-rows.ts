import { pathId } from '@biz/commerce';
import type { Product, ProductOption, ProductSubGroup } from '@biz/commerce';
import { COLUMNS } from './sku-cells';
import { isChain, selections, SIMPLE_KEYS } from './sku-table';
import type { SelectionGroup, SkuRow } from './sku-table';

const LEAF_FIELDS = new Set<string>(COLUMNS.map(({ field }) => field));

type Wrong = (line: number, message: string, column?: string) => void;

/** A sub-group on its way: its options by what the customer reads. */
interface Making {
  /** Its options until now, by the same. */
  was: ReadonlyMap<string, ProductOption>;
  is: ProductSubGroup;
  byValue: Map<string, ProductOption>;
}

/**
 * A product with the SKUs of a table instead of its own; ids, titles and all that has no column stay as they were.
 *
 * @returns `lineOf` finds the row an option was made of
 */
export function withSkus(
  product: Product,
  rows: readonly SkuRow[],
  wrong: Wrong,
): { product: Product; lineOf: ReadonlyMap<ProductOption, number> } {
  const options = new OptionsOfRows(selections(product), wrong);
  const chain = isChain(product);
  for (const row of rows) {
    if (row.keys.some((key) => key === '')) wrong(row.line, 'lacks a value that names the SKU');
    else if (chain) options.addPath(row);
    else options.addToGroup(row);
  }
  const subGroupsOf = options.subGroups();
  const groups = product.groups.map((group) => {
    const subGroups = subGroupsOf.get(group.id);
    return subGroups === undefined ? group : Object.assign({}, group, { subGroups });
  });
  return { product: Object.assign({}, product, { groups }), lineOf: options.lineOf };
}

/** The options that rows make, each in its sub-group. */
class OptionsOfRows {
  readonly lineOf = new Map<ProductOption, number>();
  private readonly made: Map<string, Making>[];
  private readonly old: ReadonlyMap<string, ProductSubGroup>[];
  private readonly places: ReadonlyMap<string, number>;

  constructor(
    private readonly groups: readonly SelectionGroup[],
    private readonly wrong: Wrong,
  ) {
    this.made = groups.map(() => new Map<string, Making>());
    this.old = groups.map(({ subGroups }) => new Map(subGroups.map((subGroup) => [subGroup.id, subGroup])));
    this.places = new Map(groups.map(({ name }, at) => [name, at]));
  }

  /** A SKU of the related kind: an option of each group, and the way from one to the next. */
  addPath(row: SkuRow): void {
    let place = this.making(0, this.firstOf(0));
    row.keys.forEach((value, at) => {
      const next = this.groups[at + 1];
      if (next === undefined) {
        this.leaf(place, value, row);
        return;
      }
      const option = place.byValue.get(value) ?? add(place, value);
      option.leadsTo ??= [{ groupId: next.id, subGroupId: pathId(row.keys.slice(0, at + 1), next.id) }];
      place = this.making(at + 1, option.leadsTo[0]?.subGroupId ?? '');
    });
  }

  /** A SKU of the simple kind: one option of the group it names. */
  addToGroup(row: SkuRow): void {
    const [name = '', value = ''] = row.keys;
    const at = this.places.get(name);
    if (at === undefined) this.wrong(row.line, `${name} is no group of the product`, SIMPLE_KEYS[0]);
    else this.leaf(this.making(at, this.firstOf(at)), value, row);
  }

  /** By group. */
  subGroups(): ReadonlyMap<string, ProductSubGroup[]> {
    return new Map(this.groups.map(({ id, subGroups }, at) => [id, inOldOrder(subGroups, this.made[at])]));
  }

  private firstOf(at: number): string {
    return this.groups[at]?.subGroups[0]?.id ?? '';
  }

  private making(at: number, id: string): Making {
    const found = this.made[at]?.get(id);
    if (found !== undefined) return found;
    const old = this.old[at]?.get(id);
    const was = new Map(old?.options.map((option) => [option.value, option]));
    const fresh: Making = { was, is: Object.assign({}, old, { id, options: [] }), byValue: new Map() };
    this.made[at]?.set(id, fresh);
    return fresh;
  }

  private leaf(place: Making, value: string, { line, fields }: SkuRow): void {
    const twin = place.byValue.get(value);
    if (twin !== undefined) {
      this.wrong(line, `names the same SKU as line ${this.lineOf.get(twin) ?? '?'}`);
      return;
    }
    const option = add(place, value);
    const bare = Object.fromEntries(Object.entries(option).filter(([name]) => !LEAF_FIELDS.has(name)));
    const sku = Object.assign(bare, fields) as unknown as ProductOption;
    place.is.options[place.is.options.length - 1] = sku;
    place.byValue.set(value, sku);
    this.lineOf.set(sku, line);
  }
}

function add({ was, is, byValue }: Making, value: string): ProductOption {
  const before = was.get(value);
  const option: ProductOption = Object.assign({}, before, { id: before?.id ?? value, value });
  is.options.push(option);
  byValue.set(value, option);
  return option;
}

/** What was there keeps its place; what is new follows. */
function inOldOrder(
  before: readonly ProductSubGroup[],
  made: ReadonlyMap<string, Making> = new Map(),
): ProductSubGroup[] {
  const old = new Set(before.map(({ id }) => id));
  const kept = before.flatMap(({ id }) => made.get(id)?.is ?? []);
  const fresh = [...made.values()].filter(({ is }) => !old.has(is.id)).map(({ is }) => is);
  return [...kept, ...fresh];
}
