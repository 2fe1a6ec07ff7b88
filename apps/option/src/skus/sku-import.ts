import { checkProduct, MAX_OPTIONS, ProductRefused, Products, skuOf } from '@biz/commerce';
import type { Problem, Product, ProductOption } from '@biz/commerce';
import { asTyped, visibleLine } from '@biz/platform';
import { Injectable, NotFoundException, UnprocessableEntityException } from '@nestjs/common';
import { noSuchProduct } from '../operator/operator-merchant';
import { withSkus } from './product-of-rows';
import { cellsOf, COLUMNS, fieldsOf } from './sku-cells';
import { NoCsv, recordsOf } from './sku-file';
import { headerOf, skusOf, tableProblems } from './sku-table';
import type { SkuRow } from './sku-table';
import type { SkuImportDto, SkuProblem } from './skus.dto';

export interface ImportOptions {
  /** Tells what would happen, and changes nothing. */
  dryRun: boolean;
  stock: 'set' | 'keep';
}

/** The shop compares these texts by itself. */
const AS_WRITTEN = 'holds blanks at an end, or letters in pieces (NFD): it is kept as it is written';
/** A file can be wrong in every line of it. */
const MAX_TOLD = 1_000;

/** Replaces the SKUs of a product by those of a CSV file: all of them, or none. */
@Injectable()
export class SkuImport {
  constructor(private readonly products: Products) {}

  /** The product as it is kept, when its SKUs fit a table. @throws 404, 422 */
  async tableOf(merchantId: string, id: string): Promise<{ product: Product; version: number }> {
    const found = await this.products.inspect(merchantId, id);
    if (found === undefined) throw new NotFoundException(noSuchProduct(merchantId));
    const problems = tableProblems(found.product);
    if (problems.length === 0) return found;
    throw new UnprocessableEntityException({ message: 'The SKUs of this product do not fit a table.', problems });
  }

  /** @throws ProductChanged when the product was saved meanwhile */
  async read(
    merchantId: string,
    id: string,
    file: AsyncIterable<Buffer>,
    { dryRun, stock }: ImportOptions,
  ): Promise<SkuImportDto> {
    const { product, version } = await this.tableOf(merchantId, id);
    const problems = new Problems();
    const warnings = new Problems();
    const rows = await rowsIn(file, product, problems, warnings);
    const { product: changed, lineOf } = withSkus(product, rows, problems.add);
    // A row that could not be read is missing: what is said of the rest would be about another product.
    if (problems.count === 0) {
      problems.addAll(checkProduct(changed), changed, lineOf);
    }
    if (problems.count === 0) {
      try {
        await this.products.save(merchantId, changed, { stock, dryRun, version });
      } catch (error) {
        if (!(error instanceof ProductRefused)) throw error;
        problems.addAll(error.problems, changed, lineOf);
      }
    }
    return {
      ...{ merchant: merchantId, productId: product.id, dryRun, saved: !dryRun && problems.count === 0 },
      ...{ rows: rows.length, ...difference(product, changed) },
      ...{ problemCount: problems.count, problems: problems.told, warnings: warnings.told },
    };
  }
}

class Problems {
  count = 0;
  readonly told: SkuProblem[] = [];

  readonly add = (line: number, message: string, column?: string): void => {
    this.count++;
    if (this.told.length === MAX_TOLD) return;
    const path = column === undefined ? `line ${line}` : `line ${line}, ${column}`;
    this.told.push({ path, line, ...(column !== undefined && { column }), message });
  };

  /** Problems of a product, at the lines that made it; the first line stands for what no row says. */
  addAll(problems: readonly Problem[], product: Product, lineOf: ReadonlyMap<ProductOption, number>): void {
    const places = new Map<string, number>();
    product.groups.forEach((group, at) => {
      group.subGroups?.forEach((subGroup, below) => {
        subGroup.options.forEach((option, last) => {
          const line = lineOf.get(option) ?? 1;
          places.set(`groups[${at}].subGroups[${below}].options[${last}]`, line);
          places.set(`stock of ${skuOf(subGroup, option)}`, line);
        });
      });
    });
    for (const { path, message } of problems) {
      const field = path.slice(path.lastIndexOf('.') + 1);
      const title = COLUMNS.find(
        (column) => column.field === field || (column.field === 'stock' && places.has(path)),
      )?.title;
      const line = places.get(path) ?? places.get(path.slice(0, path.lastIndexOf('.')));
      this.add(line ?? 1, line === undefined ? `${path} ${message}` : message, line === undefined ? undefined : title);
    }
    this.told.sort((a, b) => a.line - b.line);
  }
}

async function rowsIn(
  file: AsyncIterable<Buffer>,
  product: Product,
  problems: Problems,
  warnings: Problems,
): Promise<SkuRow[]> {
  const header = headerOf(product);
  const keys = header.length - COLUMNS.length;
  const most = Math.floor(MAX_OPTIONS / keys);
  const rows: SkuRow[] = [];
  let first = true;
  try {
    for await (const { cells: written, line } of recordsOf(file)) {
      const cells = withoutTrailing(written, header.length);
      if (first) {
        first = false;
        const wrong = wrongTitles(cells, header);
        for (const [column, message] of wrong) problems.add(line, message, column);
        if (wrong.length > 0) break;
      } else if (cells.length !== header.length) {
        problems.add(line, `has ${cells.length} cells instead of ${header.length}`);
      } else {
        const fields = fieldsOf(cells.slice(keys), (title, message) => {
          problems.add(line, message, title);
        });
        const read = cells.map((cell) => visibleLine(asTyped(cell)));
        cells.forEach((cell, at) => {
          if (read[at] === asTyped(cell) || cell.trim() === '') return;
          const isKept = COLUMNS[at - keys]?.kind === 'text';
          warnings.add(line, isKept ? AS_WRITTEN : `was read as ${JSON.stringify(read[at])}`, header[at]);
        });
        if (rows.length === most) throw new NoCsv(line, `is one too many: a file may have ${most} SKUs`);
        rows.push({ keys: read.slice(0, keys), fields, line });
      }
    }
  } catch (error) {
    if (!(error instanceof NoCsv)) throw error;
    problems.add(error.line, error.message);
    return rows;
  }
  if (first) problems.add(1, `must be: ${header.join(',')}`);
  return rows;
}

/** Excel writes a comma for each column that was ever used. */
function withoutTrailing(cells: readonly string[], wanted: number): string[] {
  let end = cells.length;
  while (end > wanted && cells[end - 1]?.trim() === '') end--;
  return cells.slice(0, end);
}

/** The titles that are not those of the export, each with its name and what is wrong with it. */
function wrongTitles(cells: readonly string[], header: readonly string[]): [column: string, message: string][] {
  const [given, wanted] = [cells.map(visibleLine), header.map(visibleLine)];
  if (JSON.stringify(given) === JSON.stringify(wanted)) return [];
  const titles = `the titles must be: ${header.join(',')}`;
  const unknown = given.filter((title, at) => !wanted.includes(title) || given.indexOf(title) < at);
  const missing = wanted.filter((title) => !given.includes(title));
  const wrong: [string, string][] = [
    ...unknown.map((title): [string, string] => [title, `is no column here, or stands twice; ${titles}`]),
    ...missing.map((title): [string, string] => [title, `is missing; ${titles}`]),
  ];
  return wrong.length > 0 ? wrong : [[given[0] ?? '', `stands in another order; ${titles}`]];
}

function difference(before: Product, after: Product): Pick<SkuImportDto, 'added' | 'changed' | 'removed'> {
  const old = cellsByKeys(before);
  const now = cellsByKeys(after);
  const kept = [...now].filter(([keys]) => old.has(keys));
  return {
    added: now.size - kept.length,
    changed: kept.filter(([keys, cells]) => old.get(keys) !== cells).length,
    removed: old.size - kept.length,
  };
}

const cellsByKeys = (product: Product): Map<string, string> =>
  new Map([...skusOf(product)].map(({ keys, option }) => [JSON.stringify(keys), JSON.stringify(cellsOf(option))]));
