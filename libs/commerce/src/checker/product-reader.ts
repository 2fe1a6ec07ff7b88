import type { Product, ProductGroup, ProductOption, ProductSubGroup } from '../products/product.dto';
import { GROUP_KINDS, PRODUCT_KINDS } from '../products/product.dto';

/** What is wrong, and where: `groups[1].subGroups[0].options[2].addPrice`. */
export interface Problem {
  path: string;
  message: string;
}

/** Won and pieces; KakaoPay and Kakao's int end at 32 bits, so every product and sum of ours fits them and 2^53. */
export const MAX_AMOUNT = 2_147_483_647;

const WON = { min: 0, max: MAX_AMOUNT };
const WON_EITHER_WAY = { min: -MAX_AMOUNT, max: MAX_AMOUNT };
const PIECES = { min: 0, max: MAX_AMOUNT };
const AT_LEAST_ONE = { min: 1, max: MAX_AMOUNT };
const TITLE = { max: 100 };
const TEXT = { max: 1_000 };

/** Reads JSON of unknown origin as a product; what does not fit is left out and told, and so are unknown fields and nulls. */
export function readProduct(input: unknown): { product: Product; problems: Problem[] } {
  const problems: Problem[] = [];
  const from = new Fields(input, '', problems);
  const product: Product = from.present({
    id: from.neededText('id', TITLE),
    kakaoId: from.text('kakaoId', TITLE),
    name: from.neededText('name', TITLE),
    kind: from.oneOf('kind', PRODUCT_KINDS),
    price: from.integer('price', WON),
    minQuantity: from.integer('minQuantity', AT_LEAST_ONE),
    maxQuantity: from.integer('maxQuantity', AT_LEAST_ONE),
    defaultQuantity: from.integer('defaultQuantity', AT_LEAST_ONE),
    stock: from.integer('stock', PIECES),
    useShipping: from.flag('useShipping'),
    groups: from.list('groups', readGroup) ?? from.missing('groups', []),
  });
  return { product, problems };
}

function readGroup(from: Fields): ProductGroup {
  return from.present({
    id: from.neededText('id', TITLE),
    name: from.neededText('name', TITLE),
    kind: from.oneOf('kind', GROUP_KINDS),
    description: from.text('description', TEXT),
    required: from.flag('required'),
    subGroups: from.list('subGroups', readSubGroup),
    minLength: from.integer('minLength', PIECES),
    maxLength: from.integer('maxLength', PIECES),
    minValue: from.integer('minValue', WON_EITHER_WAY),
    maxValue: from.integer('maxValue', WON_EITHER_WAY),
    placeholder: from.text('placeholder', TEXT),
    defaultValue: from.text('defaultValue', TEXT),
  });
}

function readSubGroup(from: Fields): ProductSubGroup {
  return from.present({
    // Ids made of a whole path are longer than a title.
    id: from.neededText('id', TEXT),
    minSelect: from.integer('minSelect', PIECES),
    maxSelect: from.integer('maxSelect', PIECES),
    defaultOptionId: from.text('defaultOptionId', TITLE),
    options: from.list('options', readOption) ?? from.missing('options', []),
  });
}

function readOption(from: Fields): ProductOption {
  return from.present({
    id: from.neededText('id', TITLE),
    value: from.neededText('value', TITLE),
    addPrice: from.integer('addPrice', WON_EITHER_WAY),
    minQuantity: from.integer('minQuantity', PIECES),
    maxQuantity: from.integer('maxQuantity', PIECES),
    stock: from.integer('stock', PIECES),
    sku: from.text('sku', TEXT),
    extra: from.text('extra', TEXT),
    leadsTo: from.list('leadsTo', (link) =>
      link.present({
        groupId: link.neededText('groupId', TITLE),
        subGroupId: link.neededText('subGroupId', TEXT),
      }),
    ),
  });
}

/** PostgreSQL keeps no U+0000 and no half of a character. */
const canBeKept = (text: string): boolean => !/[\0\p{Surrogate}]/u.test(text);

/** The fields of one JSON object; each read notes what does not fit and answers something that can be read on. */
class Fields {
  private readonly object: Record<string, unknown>;
  private readonly read = new Set<string>();

  constructor(
    value: unknown,
    private readonly path: string,
    private readonly problems: Problem[],
  ) {
    const fits = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!fits) this.problems.push({ path, message: 'must be an object' });
    this.object = fits ? (value as Record<string, unknown>) : {};
  }

  text(name: string, { max }: { max: number }): string | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value.trim() !== '' && value.length <= max && canBeKept(value)) return value;
    this.wrong(name, `must be a text of 1 to ${max} characters`);
    return undefined;
  }

  neededText(name: string, limits: { max: number }): string {
    return this.value(name) === undefined ? this.missing(name, '') : (this.text(name, limits) ?? '');
  }

  integer(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    this.wrong(name, `must be a whole number from ${min} to ${max}`);
    return undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    this.wrong(name, 'must be true or false');
    return undefined;
  }

  oneOf<const Words extends readonly [string, ...string[]]>(name: string, words: Words): Words[number] {
    const value = words.find((word) => word === this.value(name));
    if (value === undefined) this.wrong(name, `must be one of ${words.join(', ')}`);
    return value ?? words[0];
  }

  list<T>(name: string, read: (item: Fields) => T): T[] | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) {
      this.wrong(name, 'must be a list');
      return undefined;
    }
    return value.map((item: unknown, at) => read(new Fields(item, `${this.pathTo(name)}[${at}]`, this.problems)));
  }

  missing<T>(name: string, instead: T): T {
    this.wrong(name, 'is missing');
    return instead;
  }

  /** Absent fields are absent, not undefined. Comes last: what has not been read by now is a slip, such as `Price`. */
  present<T extends object>(fields: T): T {
    for (const name of Object.keys(this.object)) if (!this.read.has(name)) this.wrong(name, 'is no field here');
    return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined)) as T;
  }

  private value(name: string): unknown {
    const value = this.object[name];
    if (value !== null) return this.noted(name, value);
    if (!this.read.has(name)) this.wrong(name, 'must not be null: leave it out');
    return this.noted(name, undefined);
  }

  private noted(name: string, value: unknown): unknown {
    this.read.add(name);
    return value;
  }

  private wrong(name: string, message: string): void {
    this.problems.push({ path: this.pathTo(name), message });
  }

  private pathTo(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}
