import { asTyped, defused, visibleLine } from '@biz/platform';
import type { ProductOption } from '@biz/commerce';

/** What a row of the file says of its SKU, beside the values that name it: the columns after them, in this order. */
export const COLUMNS = [
  { title: '추가 금액', field: 'addPrice', kind: 'integer' },
  { title: '재고', field: 'stock', kind: 'integer' },
  { title: '최소 수량', field: 'minQuantity', kind: 'integer' },
  { title: '최대 수량', field: 'maxQuantity', kind: 'integer' },
  { title: '전달값', field: 'extra', kind: 'text' },
  { title: '재고 이름', field: 'sku', kind: 'text' },
] as const satisfies readonly { title: string; field: keyof ProductOption; kind: 'integer' | 'text' }[];

export type SkuFields = Pick<ProductOption, (typeof COLUMNS)[number]['field']>;

/** The cells of a SKU; what it lacks is empty. */
export function cellsOf(option: ProductOption): string[] {
  return COLUMNS.map(({ field, kind }) => {
    const value = option[field];
    if (value === undefined) return '';
    return kind === 'text' ? defused(String(value)) : String(value);
  });
}

/** @param wrong is told the title of a cell that cannot be read */
export function fieldsOf(cells: readonly string[], wrong: (title: string, message: string) => void): SkuFields {
  const fields: Partial<Record<keyof SkuFields, number | string>> = {};
  COLUMNS.forEach(({ title, field, kind }, at) => {
    const cell = cells[at] ?? '';
    if (cell === '') return;
    const seen = visibleLine(cell);
    if (seen === '') wrong(title, 'holds nothing but blanks: leave it empty');
    else if (kind === 'text') fields[field] = asTyped(cell);
    else if (INTEGER.test(seen)) fields[field] = Number(seen.replaceAll(',', ''));
    else wrong(title, 'must be a whole number or empty');
  });
  return fields as SkuFields;
}

/** Excel may write 12,000 for 12000. */
const INTEGER = /^-?(\d{1,15}|\d{1,3}(,\d{3}){1,4})$/;
