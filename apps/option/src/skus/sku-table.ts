import { pathId } from '@biz/commerce';
import type { Problem, Product, ProductGroup, ProductOption, ProductSubGroup } from '@biz/commerce';
import { cellsOf, COLUMNS, defused } from './sku-cells';
import type { SkuFields } from './sku-cells';

/** One SKU: a path through the related chain, or an option of a simple group. */
export interface SkuRow {
  /** The value of each group; of a simple product the group's name and the option's value. */
  keys: readonly string[];
  fields: SkuFields;
  line: number;
}

const SIMPLE_KEYS = ['옵션 그룹', '옵션'];
const LEAF_FIELDS = new Set<string>(COLUMNS.map(({ field }) => field));

/** A group that has something to choose. */
type SelectionGroup = Pick<ProductGroup, 'id' | 'name'> & { subGroups: ProductSubGroup[] };

const selections = (product: Product): SelectionGroup[] =>
  product.groups.flatMap(({ id, name, subGroups }) => (subGroups === undefined ? [] : [{ id, name, subGroups }]));

/** A product of the related kind (조합형). */
const isChain = (product: Product): boolean =>
  selections(product).some(({ subGroups }) =>
    subGroups.some(({ options }) => options.some(({ leadsTo }) => leadsTo !== undefined && leadsTo.length > 0)),
  );

/** The titles of the columns. */
export function headerOf(product: Product): string[] {
  const keys = isChain(product) ? selections(product).map(({ name }) => name) : SIMPLE_KEYS;
  return [...keys, ...COLUMNS.map(({ title }) => title)].map(defused);
}

/** Why the SKUs of a product cannot be told apart by their values in a table; empty for everything the builders make. */
export function tableProblems(product: Product): Problem[] {
  const groups = selections(product);
  const problems: Problem[] = [];
  if (groups.length === 0) problems.push({ path: 'groups', message: 'has nothing to choose, so no SKUs' });
  if (!isChain(product) && repeated(groups.map(({ name }) => name)))
    problems.push({ path: 'groups', message: 'two groups have one name' });
  const targets: string[] = [];
  for (const { subGroups, id: groupId } of groups) {
    for (const { id, options } of subGroups) {
      if (repeated(options.map(({ value }) => value)))
        problems.push({ path: `groups ${groupId}: ${id}`, message: 'two options have one text' });
      const links = options.flatMap(({ leadsTo = [] }) => leadsTo);
      targets.push(...links.map((link) => JSON.stringify([link.groupId, link.subGroupId])));
    }
  }
  if (repeated(targets)) problems.push({ path: 'groups', message: 'two options lead to one sub-group' });
  return problems;
}

const repeated = (texts: readonly string[]): boolean => new Set(texts).size < texts.length;

/** Every SKU as cells, in the order the customer sees. */
export function* rowsOf(product: Product): Generator<string[]> {
  for (const { keys, option } of skusOf(product)) yield [...keys.map(defused), ...cellsOf(option)];
}

export function* skusOf(product: Product): Generator<{ keys: string[]; option: ProductOption }> {
  const groups = selections(product);
  if (!isChain(product)) {
    for (const { name, subGroups } of groups) {
      for (const option of subGroups[0]?.options ?? []) yield { keys: [name, option.value], option };
    }
    return;
  }
  const byId = new Map(groups.flatMap(({ subGroups }) => subGroups.map((subGroup) => [subGroup.id, subGroup])));
  yield* walk(groups[0]?.subGroups[0], []);

  function* walk(
    subGroup: ProductSubGroup | undefined,
    path: string[],
  ): Generator<{ keys: string[]; option: ProductOption }> {
    for (const option of subGroup?.options ?? []) {
      const keys = [...path, option.value];
      const [next] = option.leadsTo ?? [];
      if (next === undefined) yield { keys, option };
      else yield* walk(byId.get(next.subGroupId), keys);
    }
  }
}

/** A sub-group on its way: its options by what the customer reads. */
interface Making {
  was: ProductSubGroup | undefined;
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
  wrong: (line: number, message: string, column?: string) => void,
): { product: Product; lineOf: ReadonlyMap<ProductOption, number> } {
  const groups = selections(product);
  const lineOf = new Map<ProductOption, number>();
  const made = groups.map(() => new Map<string, Making>());
  const chain = isChain(product);

  const making = (at: number, id: string): Making => {
    const found = made[at]?.get(id);
    if (found !== undefined) return found;
    const was = groups[at]?.subGroups.find((subGroup) => subGroup.id === id);
    const fresh: Making = { was, is: Object.assign({}, was, { id, options: [] }), byValue: new Map() };
    made[at]?.set(id, fresh);
    return fresh;
  };
  const add = ({ was, is, byValue }: Making, value: string): ProductOption => {
    const before = was?.options.find((option) => option.value === value);
    const option: ProductOption = Object.assign({}, before, { id: before?.id ?? value, value });
    is.options.push(option);
    byValue.set(value, option);
    return option;
  };
  const leaf = (place: Making, value: string, { line, fields }: SkuRow): void => {
    const twin = place.byValue.get(value);
    if (twin !== undefined) {
      wrong(line, `names the same SKU as line ${lineOf.get(twin) ?? '?'}`);
      return;
    }
    const option = add(place, value);
    const bare = Object.fromEntries(Object.entries(option).filter(([name]) => !LEAF_FIELDS.has(name)));
    const sku = Object.assign(bare, fields) as unknown as ProductOption;
    place.is.options[place.is.options.length - 1] = sku;
    place.byValue.set(value, sku);
    lineOf.set(sku, line);
  };

  const places = new Map(groups.map(({ name }, at) => [name, at]));
  for (const row of rows) {
    if (row.keys.some((key) => key === '')) {
      wrong(row.line, 'lacks a value that names the SKU');
    } else if (chain) {
      let place = making(0, groups[0]?.subGroups[0]?.id ?? '');
      row.keys.forEach((value, at) => {
        const next = groups[at + 1];
        if (next === undefined) {
          leaf(place, value, row);
          return;
        }
        const option = place.byValue.get(value) ?? add(place, value);
        option.leadsTo ??= [{ groupId: next.id, subGroupId: pathId(row.keys.slice(0, at + 1), next.id) }];
        place = making(at + 1, option.leadsTo[0]?.subGroupId ?? '');
      });
    } else {
      const [name = '', value = ''] = row.keys;
      const at = places.get(name);
      if (at === undefined) wrong(row.line, `${name} is no group of the product`, SIMPLE_KEYS[0]);
      else leaf(making(at, groups[at]?.subGroups[0]?.id ?? ''), value, row);
    }
  }
  const subGroupsOf = new Map(groups.map(({ id }, at) => [id, inOldOrder(groups[at]?.subGroups ?? [], made[at])]));
  return {
    product: Object.assign({}, product, {
      groups: product.groups.map((group) => {
        const subGroups = subGroupsOf.get(group.id);
        return subGroups === undefined ? group : Object.assign({}, group, { subGroups });
      }),
    }),
    lineOf,
  };
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
