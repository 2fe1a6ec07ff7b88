import type { Problem, Product, ProductGroup, ProductOption, ProductSubGroup } from '@biz/commerce';
import { defused } from '@biz/platform';
import { cellsOf, COLUMNS } from './sku-cells';
import type { SkuFields } from './sku-cells';

/** One SKU: a path through the related chain, or an option of a simple group. */
export interface SkuRow {
  /** The value of each group; of a simple product the group's name and the option's value. */
  keys: readonly string[];
  fields: SkuFields;
  line: number;
}

export const SIMPLE_KEYS = ['옵션 그룹', '옵션'];

/** A group that has something to choose. */
export type SelectionGroup = Pick<ProductGroup, 'id' | 'name'> & { subGroups: ProductSubGroup[] };

export const selections = (product: Product): SelectionGroup[] =>
  product.groups.flatMap(({ id, name, subGroups }) => (subGroups === undefined ? [] : [{ id, name, subGroups }]));

/** A product of the related kind (조합형). */
export const isChain = (product: Product): boolean =>
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
