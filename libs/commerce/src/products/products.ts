import { Injectable } from '@nestjs/common';
import { parseOwnJson } from '@biz/platform';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Stock } from '../stock/stock';
import type { StockLevel } from '../stock/stock';
import { acceptProduct, ProductRefused } from '../checker/product-checker';
import { countedStock, withStock } from './product-stock';
import { CountedLeft } from './left';
import type { Left, SkuPlaces } from './left';
import type { Product } from './product.dto';
import type { Problem } from '@biz/platform';

/** A merchant's goods as its definition lists them. */
export interface Catalogue {
  id: string;
  catalogue?: readonly Product[];
}

/** A product that can be chosen from now. */
export interface Offer {
  /** As the shop defines it; what it says of stock is not what is left. One object for as long as the version is. */
  product: Product;
  /** What is left: on hand less what is reserved. */
  left: Left;
  /** Of the definition; `null` for a shop's own catalogue, whose stock is its own, too. */
  version: number | null;
}

/** A product as it is held, and since when. */
export interface StoredProduct extends Offer {
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A definition as this process read it; the database is asked whether it is still the one. */
interface Known {
  id: string;
  version: number;
  product: Product;
  /** Stands for the skus that are counted. */
  skuSum: string | null;
  places: SkuPlaces;
}

/** Options whose definitions are kept in memory: about 100 MB of them. */
const KEPT_OPTIONS = 200_000;

export interface SaveOptions {
  /** `keep` leaves the count of every sku that is already counted, for changes made while the shop sells. */
  stock?: 'set' | 'keep';
  /** Checks all of it and writes nothing. */
  dryRun?: boolean;
  /** The version it was changed from. */
  version?: number;
}

/** Somebody else saved the product meanwhile. */
export class ProductChanged extends Error {
  constructor(readonly productId: string) {
    super(`product ${productId} was changed meanwhile`);
    this.name = 'ProductChanged';
  }
}

/** The products of every merchant. */
@Injectable()
export class Products {
  private readonly known = new LRUCache<string, Known>({
    maxSize: KEPT_OPTIONS,
    sizeCalculation: ({ product }) => sizeOf(product),
  });

  constructor(
    private readonly dataSource: DataSource,
    private readonly stock: Stock,
  ) {}

  /**
   * A product by the shop's id or the one Kakao knows, with what is left of it now.
   *
   * One statement, so that product and stock are of one moment. A definition that this process has is not read again:
   * of a large product it is megabytes, and only its version and its stock can have changed.
   */
  async find(
    merchantId: string,
    id: string,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<StoredProduct | undefined> {
    // PostgreSQL knows no U+0000 and would answer an error.
    if (id.includes('\0')) return undefined;
    const key = JSON.stringify([merchantId, id]);
    const known = this.known.get(key);
    const [row] = await manager.query<ProductWithStock[]>(
      `SELECT p.id, p.version, p.created_at, p.updated_at, s.sku_sum, s.counts, named.skus,
              CASE WHEN p.id = $3 AND p.version = $4 THEN NULL ELSE p.definition END AS definition
       FROM commerce.products p
       LEFT JOIN LATERAL (
         SELECT count(*) || ':' || sum(hashtextextended(sku, 0)) AS sku_sum,
                '[' || string_agg((on_hand - reserved)::text, ',' ORDER BY sku) || ']' AS counts
         FROM commerce.stock WHERE merchant_id = p.merchant_id AND product_id = p.id
       ) s ON true
       LEFT JOIN LATERAL (
         SELECT json_agg(sku ORDER BY sku) AS skus
         FROM commerce.stock WHERE merchant_id = p.merchant_id AND product_id = p.id
           AND (p.id IS DISTINCT FROM $3 OR s.sku_sum IS DISTINCT FROM $5)
       ) named ON true
       WHERE p.merchant_id = $1 AND (p.id = $2 OR p.kakao_id = $2)
       ORDER BY p.id = $2 DESC LIMIT 1`,
      [merchantId, id, known?.id ?? null, known?.version ?? null, known?.skuSum ?? null],
    );
    if (row === undefined) return undefined;
    const { version, created_at: createdAt, updated_at: updatedAt, sku_sum: skuSum } = row;
    const product = row.definition ?? known?.product;
    if (product === undefined) throw new Error(`product ${row.id} of ${merchantId} has no definition`);
    const same = known?.id === row.id && known.skuSum === skuSum ? known.places : undefined;
    const places = same ?? new Map((row.skus ?? []).map((sku, at) => [sku, at]));
    if (row.definition !== null || same === undefined)
      this.known.set(key, { id: row.id, version, product, skuSum, places });
    const counts = row.counts === null ? [] : (parseOwnJson(row.counts) as number[]);
    return { product, left: new CountedLeft(places, counts), version, createdAt, updatedAt };
  }

  /** A product as an operator keeps it: `stock` is what is on hand, so that it can be saved as it was read. */
  async inspect(merchantId: string, id: string): Promise<(StoredProduct & { levels: StockLevel[] }) | undefined> {
    const found = await this.find(merchantId, id);
    if (found === undefined) return undefined;
    const levels = await this.stock.levels(this.dataSource.manager, merchantId, found.product.id);
    const onHand = new Map(levels.map(({ sku, onHand }) => [sku, onHand]));
    return { ...found, product: withStock(found.product, onHand), levels };
  }

  /**
   * Creates or replaces a product, its stock included: `stock` is what is on hand, reserved pieces with it.
   *
   * @throws {ProductRefused} with every problem at once
   * @throws {ProductChanged} when it is not the version it was changed from
   */
  async save(merchantId: string, input: unknown, options: SaveOptions = {}): Promise<Product> {
    const { stock = 'set', dryRun = false, version } = options;
    const product = acceptProduct(input);
    await this.dataSource.transaction(async (manager) => {
      await this.refuseForeignIds(manager, merchantId, product);
      if (version !== undefined) await this.refuseOtherVersion(manager, merchantId, product.id, version);
      const counts = await this.countsOf(manager, merchantId, product, stock, dryRun);
      if (dryRun) return;
      await manager.query(
        `INSERT INTO commerce.products (merchant_id, id, kakao_id, definition) VALUES ($1, $2, $3, $4)
         ON CONFLICT (merchant_id, id)
         DO UPDATE SET kakao_id = excluded.kakao_id, definition = excluded.definition, updated_at = now(),
           version = products.version + 1`,
        [merchantId, product.id, product.kakaoId ?? product.id, JSON.stringify(withStock(product, NO_STOCK))],
      );
      await this.saveStock(manager, merchantId, product, counts);
    });
    return product;
  }

  /** Inserts the products the database does not have yet; the others are the operator's by now. */
  async seed(catalogues: readonly Catalogue[]): Promise<void> {
    const goods = catalogues.flatMap(({ id, catalogue = [] }) =>
      acceptCatalogue(id, catalogue).map((product) => ({ merchantId: id, product })),
    );
    if (goods.length === 0) return;
    const products = goods.map(({ merchantId, product }) => ({
      merchant_id: merchantId,
      id: product.id,
      kakao_id: product.kakaoId ?? product.id,
      definition: withStock(product, NO_STOCK),
    }));
    const stock = goods.flatMap(({ merchantId, product }) =>
      [...countedStock(product)].map(([sku, onHand]) => ({
        merchant_id: merchantId,
        product_id: product.id,
        sku,
        on_hand: onHand,
      })),
    );
    await this.dataSource.query(
      `WITH added AS (
         INSERT INTO commerce.products (merchant_id, id, kakao_id, definition)
         SELECT * FROM jsonb_to_recordset($1) AS p (merchant_id text, id text, kakao_id text, definition jsonb)
         ORDER BY merchant_id, id ON CONFLICT DO NOTHING RETURNING merchant_id, id
       )
       INSERT INTO commerce.stock (merchant_id, product_id, sku, on_hand)
       SELECT s.* FROM jsonb_to_recordset($2) AS s (merchant_id text, product_id text, sku text, on_hand integer)
       JOIN added ON added.merchant_id = s.merchant_id AND added.id = s.product_id`,
      [JSON.stringify(products), JSON.stringify(stock)],
    );
  }

  /** An id names one product, whether it is the shop's or Kakao's. */
  private async refuseForeignIds(
    manager: EntityManager,
    merchantId: string,
    { id, kakaoId = id }: Product,
  ): Promise<void> {
    // Products are saved one at a time, so that two cannot take each other's id unseen.
    await manager.query(`SELECT pg_advisory_xact_lock(hashtext('commerce.products'), hashtext($1))`, [merchantId]);
    const [other] = await manager.query<{ id: string }[]>(
      `SELECT id FROM commerce.products WHERE merchant_id = $1 AND id <> $2 AND (id = $3 OR kakao_id IN ($2, $3)) LIMIT 1`,
      [merchantId, id, kakaoId],
    );
    if (other !== undefined) {
      throw new ProductRefused(id, [
        { path: kakaoId === id ? 'id' : 'kakaoId', message: `is taken by product ${other.id}` },
      ]);
    }
  }

  private async refuseOtherVersion(
    manager: EntityManager,
    merchantId: string,
    id: string,
    version: number,
  ): Promise<void> {
    const [row] = await manager.query<{ version: number }[]>(
      `SELECT version FROM commerce.products WHERE merchant_id = $1 AND id = $2`,
      [merchantId, id],
    );
    if (row?.version !== version) throw new ProductChanged(id);
  }

  /** What will be on hand of each sku; the rows stay locked until it is, unless nothing will be written. */
  private async countsOf(
    manager: EntityManager,
    merchantId: string,
    product: Product,
    stock: 'set' | 'keep',
    dryRun: boolean,
  ): Promise<Map<string, number>> {
    const counts = countedStock(product);
    const held = await manager.query<{ sku: string; on_hand: number; reserved: number }[]>(
      `SELECT sku, on_hand, reserved FROM commerce.stock WHERE merchant_id = $1 AND product_id = $2
       ORDER BY product_id COLLATE "C", sku COLLATE "C"${dryRun ? '' : ' FOR UPDATE'}`,
      [merchantId, product.id],
    );
    const problems: Problem[] = [];
    for (const { sku, on_hand, reserved } of held) {
      const count = counts.get(sku);
      if (count !== undefined && stock === 'keep') counts.set(sku, on_hand);
      else if ((count ?? 0) < reserved)
        problems.push({
          path: `stock of ${sku}`,
          message: `must be ${reserved} at least: so many pieces are reserved`,
        });
    }
    if (problems.length > 0) throw new ProductRefused(product.id, problems);
    return counts;
  }

  private async saveStock(
    manager: EntityManager,
    merchantId: string,
    product: Product,
    counts: ReadonlyMap<string, number>,
  ): Promise<void> {
    await manager.query(
      `DELETE FROM commerce.stock WHERE merchant_id = $1 AND product_id = $2 AND NOT (sku = ANY ($3::text[]))`,
      [merchantId, product.id, [...counts.keys()]],
    );
    await manager.query(
      `INSERT INTO commerce.stock (merchant_id, product_id, sku, on_hand)
       SELECT $1, $2, s.sku, s.on_hand FROM unnest($3::text[], $4::integer[]) AS s (sku, on_hand)
       ON CONFLICT (merchant_id, product_id, sku) DO UPDATE SET on_hand = excluded.on_hand`,
      [merchantId, product.id, [...counts.keys()], [...counts.values()]],
    );
  }
}

interface ProductWithStock {
  id: string;
  version: number;
  /** `null` when it is the one already known. */
  definition: Product | null;
  created_at: Date;
  updated_at: Date;
  sku_sum: string | null;
  /** A JSON list, in the order of the skus. */
  counts: string | null;
  /** `null` when they are the ones already known. */
  skus: string[] | null;
}

const NO_STOCK: ReadonlyMap<string, number> = new Map();

/** Its options, and one for the product itself. */
function sizeOf({ groups }: Product): number {
  const subGroups = groups.flatMap((group) => group.subGroups ?? []);
  return subGroups.reduce((sum, { options }) => sum + options.length + 1, 1 + groups.length);
}

function acceptCatalogue(merchantId: string, catalogue: readonly Product[]): Product[] {
  const ids = new Set<string>();
  return catalogue.map((input) => {
    const product = acceptProduct(input);
    for (const id of new Set([product.id, product.kakaoId ?? product.id])) {
      if (ids.has(id))
        throw new ProductRefused(product.id, [{ path: 'id', message: `${id} names two products of ${merchantId}` }]);
      ids.add(id);
    }
    return product;
  });
}
