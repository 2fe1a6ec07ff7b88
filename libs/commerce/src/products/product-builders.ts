import { visibleLine } from '@biz/platform';
import type { GroupKind, ProductGroup, ProductOption, ProductSubGroup } from './product.dto';

/** A group's title, or its title with what stands below it. */
export type Question = string | { id?: string; name: string; description?: string };

interface Asked {
  id?: string;
  description?: string;
  /** Whether an answer is needed; true when absent. */
  required?: boolean;
}

/** One article a shop keeps: the value of each group in turn, and what it costs and holds. */
export interface Sku<Values extends readonly string[] = readonly string[]> {
  values: Values;
  /** Won added per piece. */
  addPrice?: number;
  /** The part of it that is tax-free. */
  taxFreeAmount?: number;
  stock?: number;
  /** Name of the stock it takes from; its path when absent. */
  sku?: string;
  minQuantity?: number;
  maxQuantity?: number;
  extra?: string;
}

type ValuesOf<Questions extends readonly Question[]> = { readonly [At in keyof Questions]: string };

/**
 * Groups that depend on each other, from the articles that exist (조합형).
 *
 * The customer is led through the questions in turn and sees only values that lead to an article. Values keep the
 * order in which the articles first name them; price, stock and extra stand on the last question.
 * @example combination(['사이즈', '색상'], [{ values: ['S', '빨강'], stock: 3 }, { values: ['M', '파랑'], addPrice: 500 }])
 */
export function combination<const Questions extends readonly Question[]>(
  questions: Questions,
  skus: readonly Sku<ValuesOf<Questions>>[],
): ProductGroup[] {
  const titles = questions.map(titleOf);
  const chain = titles.map((title) => ({ title, subGroups: new Map<string, Branch>() }));
  for (const given of skus as readonly Sku[]) {
    const sku = { ...given, values: given.values.map(visibleLine) };
    if (sku.values.length !== titles.length) {
      throw new RangeError(
        `an article has ${sku.values.length} values for ${titles.length} questions: ${sku.values.join(', ')}`,
      );
    }
    chain.forEach((link, depth) => {
      const id = pathId(sku.values.slice(0, depth), link.title.id);
      const branch = link.subGroups.get(id) ?? { subGroup: { id, options: [] }, seen: new Set<string>() };
      link.subGroups.set(id, branch);
      const value = sku.values[depth] ?? '';
      const next = titles[depth + 1];
      if (next === undefined) {
        branch.subGroup.options.push(article(value, sku));
      } else if (!branch.seen.has(value)) {
        branch.seen.add(value);
        const leadsTo = [{ groupId: next.id, subGroupId: pathId(sku.values.slice(0, depth + 1), next.id) }];
        branch.subGroup.options.push({ id: value, value, leadsTo });
      }
    });
  }
  return chain.map(({ title, subGroups }) => ({
    ...title,
    kind: 'choice',
    subGroups: [...subGroups.values()].map(({ subGroup }) => subGroup),
  }));
}

/** What an option is written as: its text alone, or with price, stock and the rest. */
export type OptionInput = string | (Partial<ProductOption> & { value: string });

/** One of several (단일 선택형). */
export function choice(
  name: string,
  options: readonly OptionInput[],
  more: Asked & { defaultOptionId?: string } = {},
): ProductGroup {
  const { defaultOptionId, ...asked } = more;
  return simple('choice', name, options, asked, { defaultOptionId });
}

/** Any of several, within `minSelect` and `maxSelect` (복수 선택형). */
export function choices(
  name: string,
  options: readonly OptionInput[],
  more: Asked & { minSelect?: number; maxSelect?: number; defaultOptionId?: string } = {},
): ProductGroup {
  const { minSelect, maxSelect, defaultOptionId, ...asked } = more;
  return simple('choices', name, options, asked, { minSelect, maxSelect, defaultOptionId });
}

/** Free text (주관식형). */
export function text(name: string, more: Asked & { defaultValue?: string } = {}): ProductGroup {
  return input('text', name, more);
}

/** Digits of a stated length, a phone number for example (숫자형). */
export function numbers(
  name: string,
  more: Asked & { minLength: number; maxLength: number; placeholder?: string; defaultValue?: string },
): ProductGroup {
  return input('numbers', name, more);
}

/** A whole number within bounds (수량형). */
export function integer(
  name: string,
  more: Asked & { minValue: number; maxValue: number; placeholder?: string; defaultValue?: string },
): ProductGroup {
  return input('integer', name, more);
}

/** A day, written YYYYMMDD (날짜형). */
export function date(name: string, more: Asked & { placeholder?: string; defaultValue?: string } = {}): ProductGroup {
  return input('date', name, more);
}

interface Branch {
  subGroup: ProductSubGroup;
  seen: Set<string>;
}

function titleOf(question: Question): { id: string; name: string; description?: string } {
  if (typeof question === 'string') return { id: visibleLine(question), name: question };
  return present({
    id: question.id ?? visibleLine(question.name),
    name: question.name,
    description: question.description,
  });
}

/** The path and the group, joined as the guide's sample does; a colon inside a value is written %3A so that no two paths meet. */
export function pathId(path: readonly string[], groupId: string): string {
  return [...path, groupId].map((part) => part.replaceAll('%', '%25').replaceAll(':', '%3A')).join(':');
}

function article(
  value: string,
  { addPrice, taxFreeAmount, minQuantity, maxQuantity, stock, sku, extra }: Sku,
): ProductOption {
  return present({ id: value, value, addPrice, taxFreeAmount, minQuantity, maxQuantity, stock, sku, extra });
}

function simple(
  kind: GroupKind,
  name: string,
  options: readonly OptionInput[],
  asked: Asked,
  select: Omit<ProductSubGroup, 'id' | 'options'>,
): ProductGroup {
  const id = asked.id ?? visibleLine(name);
  const subGroup = present({
    id,
    ...select,
    options: options.map((option) =>
      typeof option === 'string'
        ? { id: visibleLine(option), value: option }
        : present({ ...option, id: option.id ?? visibleLine(option.value) }),
    ),
  });
  return present({ ...asked, id, name, kind, subGroups: [subGroup] });
}

function input(kind: GroupKind, name: string, more: Partial<ProductGroup>): ProductGroup {
  return present({ ...more, id: more.id ?? visibleLine(name), name, kind });
}

/** Absent fields are absent, not undefined: a product is stored and compared as JSON. */
function present<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
