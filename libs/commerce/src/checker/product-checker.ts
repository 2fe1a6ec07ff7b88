import { inputProblem } from './input-answer';
import { SkuCounts, skuOf } from '../products/product-stock';
import type { GroupKind, Product, ProductGroup, ProductOption, ProductSubGroup } from '../products/product.dto';
import type { Problem } from '@biz/platform';
import { readProduct } from './product-reader';
import { termsProblems } from './terms-rules';

/** A product that the guide forbids. */
export class ProductRefused extends Error {
  constructor(
    readonly productId: string,
    readonly problems: readonly Problem[],
  ) {
    super(`product ${productId}: ${problems.map(({ path, message }) => `${path} ${message}`).join('; ')}`);
    this.name = 'ProductRefused';
  }
}

/** Everything that is wrong with a product, in one pass and with the path to each; empty when it may be served. */
export function checkProduct(input: unknown): Problem[] {
  return judge(input).problems;
}

/** The product, cleaned of what we do not know. @throws {ProductRefused} with every problem */
export function acceptProduct(input: unknown): Product {
  const { product, problems } = judge(input);
  if (problems.length > 0) throw new ProductRefused(product.id, problems);
  return product;
}

/** Of a product: 20,000 SKUs in five groups. A product is read in one go, and meanwhile its process answers no call. */
export const MAX_OPTIONS = 100_000;

function judge(input: unknown): { product: Product; problems: Problem[] } {
  const count = optionsIn(input);
  if (count > MAX_OPTIONS) {
    const { product } = readProduct(Object.assign({}, input, { groups: [] }));
    return { product, problems: [{ path: 'groups', message: `hold ${count} options; at most ${MAX_OPTIONS}` }] };
  }
  const read = readProduct(input);
  const rules = new ProductRules(read.product);
  return { product: read.product, problems: [...read.problems, ...rules.problems] };
}

/** Counted before anything is read. */
function optionsIn(input: unknown): number {
  const lists = (holders: unknown[], name: string): unknown[] =>
    holders.flatMap((holder) => {
      const list = (holder as Record<string, unknown> | null | undefined)?.[name];
      return Array.isArray(list) ? (list as unknown[]) : [];
    });
  return lists(lists(lists([input], 'groups'), 'subGroups'), 'options').length;
}

const SELECTIONS: readonly GroupKind[] = ['choice', 'choices', 'counts'];

/** The fields that belong to some kinds only; the first list needs them. */
const FIELDS_OF_KINDS: { field: keyof ProductGroup; needed: readonly GroupKind[]; allowed: readonly GroupKind[] }[] = [
  { field: 'subGroups', needed: SELECTIONS, allowed: SELECTIONS },
  { field: 'minLength', needed: ['numbers'], allowed: ['numbers'] },
  { field: 'maxLength', needed: ['numbers'], allowed: ['numbers'] },
  { field: 'minValue', needed: ['integer'], allowed: ['integer'] },
  { field: 'maxValue', needed: ['integer'], allowed: ['integer'] },
  { field: 'placeholder', needed: [], allowed: ['numbers', 'integer', 'date'] },
  { field: 'defaultValue', needed: [], allowed: ['text', 'numbers', 'integer', 'date'] },
];

class ProductRules {
  readonly problems: Problem[] = [];
  private readonly groupIds = new Seen();
  private readonly subGroupIds = new Seen();
  private readonly stocks = new SkuCounts();

  constructor(private readonly product: Product) {
    this.bounds('', 'minQuantity', product.minQuantity ?? 1, product.maxQuantity ?? 1);
    this.defaultQuantity();
    if (product.kind === 'non-commerce' && product.price !== undefined)
      this.wrong('price', 'is for commerce products only');
    if (product.stock !== undefined) this.stocks.add(product.id, product.stock);
    if (product.groups.length === 0 && product.kind === 'non-commerce') this.wrong('groups', 'must ask something');
    product.groups.forEach((group, at) => {
      this.group(group, `groups[${at}]`);
    });
    this.chain();
    this.problems.push(...termsProblems(product));
  }

  private defaultQuantity(): void {
    const { minQuantity = 1, maxQuantity = 1, defaultQuantity } = this.product;
    const start = defaultQuantity ?? 1;
    if (minQuantity > maxQuantity || (start >= minQuantity && start <= maxQuantity)) return;
    const absent = defaultQuantity === undefined ? ' (1 when absent)' : '';
    this.wrong('defaultQuantity', `must be from ${minQuantity} to ${maxQuantity}${absent}`);
  }

  private group(group: ProductGroup, path: string): void {
    if (this.groupIds.again(group.id)) this.wrong(`${path}.id`, `${group.id} is the id of an earlier group`);
    for (const { field, needed, allowed } of FIELDS_OF_KINDS) {
      const there = group[field] !== undefined;
      if (!there && needed.includes(group.kind)) this.wrong(`${path}.${field}`, `is needed for ${group.kind}`);
      if (there && !allowed.includes(group.kind)) this.wrong(`${path}.${field}`, `is not for ${group.kind}`);
    }
    this.bounds(path, 'minLength', group.minLength, group.maxLength);
    this.bounds(path, 'minValue', group.minValue, group.maxValue);
    if (group.minLength === 0) this.wrong(`${path}.minLength`, 'must be 1 at least');
    if (group.defaultValue !== undefined && inputProblem(group, group.defaultValue) !== undefined) {
      this.wrong(`${path}.defaultValue`, 'is no valid answer itself');
    }
    if (!SELECTIONS.includes(group.kind)) return;
    if (group.subGroups?.length === 0) this.wrong(`${path}.subGroups`, 'must not be empty');
    group.subGroups?.forEach((subGroup, at) => {
      this.subGroup(group, subGroup, `${path}.subGroups[${at}]`);
    });
  }

  private subGroup(group: ProductGroup, subGroup: ProductSubGroup, path: string): void {
    const { options, minSelect = 1, maxSelect = 1, defaultOptionId } = subGroup;
    if (this.subGroupIds.again(subGroup.id))
      this.wrong(`${path}.id`, `${subGroup.id} is the id of an earlier sub-group`);
    if (options.length === 0) this.wrong(`${path}.options`, 'must not be empty');
    if (defaultOptionId !== undefined && !options.some(({ id }) => id === defaultOptionId)) {
      this.wrong(`${path}.defaultOptionId`, `${defaultOptionId} is none of the options`);
    }
    this.bounds(path, 'minSelect', minSelect, maxSelect);
    if (minSelect === 0 && group.required !== false)
      this.wrong(`${path}.minSelect`, '0 is for groups with required false');
    if (group.kind === 'choice' && (minSelect !== 1 || maxSelect !== 1))
      this.wrong(`${path}.maxSelect`, 'must be 1 for choice');
    if (group.kind === 'choices' && minSelect <= maxSelect && maxSelect > Math.max(options.length, 1)) {
      this.wrong(`${path}.maxSelect`, `must not exceed the ${options.length} options`);
    }
    const mostPieces = options.reduce((sum, { maxQuantity = 1 }) => sum + maxQuantity, 0);
    if (group.kind === 'counts' && minSelect > mostPieces) {
      this.wrong(`${path}.minSelect`, `cannot be reached: all options together allow ${mostPieces}`);
    }
    const optionIds = new Seen();
    options.forEach((option, at) => {
      const optionPath = `${path}.options[${at}]`;
      this.option(group, option, optionPath);
      if (optionIds.again(option.id))
        this.wrong(`${optionPath}.id`, `${option.id} is the id of an earlier option of ${subGroup.id}`);
      else this.stockOf(subGroup, option, optionPath);
    });
  }

  private option(group: ProductGroup, option: ProductOption, path: string): void {
    this.bounds(path, 'minQuantity', option.minQuantity ?? 1, option.maxQuantity ?? 1);
    if (this.product.kind === 'non-commerce' && option.addPrice !== undefined)
      this.wrong(`${path}.addPrice`, 'is for commerce products only');
    if (group.kind === 'counts') {
      if (option.minQuantity === undefined) this.wrong(`${path}.minQuantity`, 'is needed for counts');
      if (option.maxQuantity === undefined) this.wrong(`${path}.maxQuantity`, 'is needed for counts');
    }
  }

  private stockOf(subGroup: ProductSubGroup, option: ProductOption, path: string): void {
    const sku = skuOf(subGroup, option);
    if (this.stocks.clash(sku, option)) {
      this.wrong(
        `${path}.stock`,
        `${sku} is the stock of another option too: both must name it as sku and state the same number`,
      );
    }
  }

  /**
   * Related groups form one chain, each leading to the next, and no selection group stands beside it.
   *
   * Every option but the last group's leads on, so that a path has one meaning; only the last may allow several.
   */
  private chain(): void {
    const groups = this.product.groups.map((group, at) => ({
      group,
      path: `groups[${at}]`,
      links: linksOf(group, `groups[${at}]`),
      subGroupIds: new Set(group.subGroups?.map(({ id }) => id)),
    }));
    const linked = groups.filter(({ links }) => links.some(({ option }) => option.leadsTo?.length));
    if (linked.length === 0) {
      for (const { group, path } of groups) {
        if ((group.subGroups?.length ?? 0) > 1)
          this.wrong(`${path}.subGroups`, 'must be one only: nothing leads to the others');
      }
      return;
    }
    const byId = new Map(groups.map((entry) => [entry.group.id, entry]));
    const reached = new Map<string, Set<string>>();
    for (const { group, path, links } of linked) {
      if (group.kind !== 'choice')
        this.wrong(`${path}.kind`, `must be choice: a group that leads on takes one option only`);
      const targets = new Set<string>();
      const needed = new Set<string>();
      for (const { option, path: optionPath } of links) {
        const leadsTo = option.leadsTo ?? [];
        if (leadsTo.length === 0) this.wrong(`${optionPath}.leadsTo`, 'is missing: other options of the group lead on');
        if (leadsTo.length > 1)
          this.wrong(`${optionPath}.leadsTo`, 'must name one sub-group: there is one related chain only');
        leadsTo.forEach(({ groupId, subGroupId }, at) => {
          const target = byId.get(groupId);
          targets.add(groupId);
          if (group.required === false && target !== undefined && target.group.required !== false) needed.add(groupId);
          if (target === undefined) {
            this.wrong(`${optionPath}.leadsTo[${at}].groupId`, `${groupId} is no group`);
          } else if (target.subGroupIds.has(subGroupId)) {
            reached.set(groupId, (reached.get(groupId) ?? new Set()).add(subGroupId));
          } else {
            this.wrong(`${optionPath}.leadsTo[${at}].subGroupId`, `${subGroupId} is no sub-group of ${groupId}`);
          }
        });
      }
      // Left out, it would leave out what must be chosen: a draft without goods.
      for (const id of needed) this.wrong(`${path}.required`, `must be true: it leads on to ${id}, which is required`);
      if (targets.size > 1) this.wrong(path, `leads to ${[...targets].join(' and ')}: there is one related chain only`);
    }
    this.order(groups, reached);
  }

  /** The chain starts once, stands in the order it is walked, and reaches every sub-group it has. */
  private order(
    groups: { group: ProductGroup; path: string; links: Link[] }[],
    reached: Map<string, Set<string>>,
  ): void {
    const position = new Map(groups.map(({ group }, at) => [group.id, at]));
    const selections = groups.filter(({ group }) => SELECTIONS.includes(group.kind));
    const starts = selections.filter(({ group }) => !reached.has(group.id));
    starts.slice(1).forEach(({ path, links }) => {
      const leads = links.some(({ option }) => option.leadsTo?.length);
      this.wrong(path, leads ? 'starts a second related chain' : 'is a simple group beside related ones');
    });
    groups.forEach(({ group, path, links }, at) => {
      const back = links
        .flatMap(({ option }) => option.leadsTo ?? [])
        .find(({ groupId }) => (position.get(groupId) ?? Infinity) <= at);
      if (back !== undefined) this.wrong(path, `leads back to ${back.groupId}: the chain would not end`);
      const here = reached.get(group.id);
      group.subGroups?.forEach((subGroup, index) => {
        const needless = here === undefined ? index > 0 : !here.has(subGroup.id);
        if (needless) this.wrong(`${path}.subGroups[${index}]`, 'is reached by no option');
      });
    });
  }

  private bounds(
    path: string,
    field: 'minQuantity' | 'minSelect' | 'minLength' | 'minValue',
    min?: number,
    max?: number,
  ): void {
    if (min === undefined || max === undefined || min <= max) return;
    this.wrong(path === '' ? field : `${path}.${field}`, `${min} is over the maximum ${max}`);
  }

  private wrong(path: string, message: string): void {
    this.problems.push({ path, message });
  }
}

interface Link {
  option: ProductOption;
  path: string;
}

function linksOf(group: ProductGroup, path: string): Link[] {
  return (group.subGroups ?? []).flatMap((subGroup, at) =>
    subGroup.options.map((option, index) => ({ option, path: `${path}.subGroups[${at}].options[${index}]` })),
  );
}

/** Empty ids are told as missing, not as repeated. */
class Seen {
  private readonly ids = new Set<string>();

  again(id: string): boolean {
    if (this.ids.has(id)) return id !== '';
    this.ids.add(id);
    return false;
  }
}
