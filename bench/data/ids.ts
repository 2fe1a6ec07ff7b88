import { createHash } from 'node:crypto';

/** Ids are functions of a row's number, so that the load client knows them without asking the database. */
const FIRST_MS = Date.UTC(2026, 0, 1);
/** A million orders in about twelve days. */
const MS_PER_ORDER = 1_000;

/** A UUID v7 as the app makes them: later numbers sort later. `orderIdSql` is the same in SQL. */
export function orderId(n: number): string {
  const time = (FIRST_MS + n * MS_PER_ORDER).toString(16).padStart(12, '0');
  const hash = createHash('md5').update(String(n)).digest('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-8${hash.slice(3, 6)}-${hash.slice(6, 18)}`;
}

export const orderIdSql = (n: string): string =>
  `(lpad(to_hex(${FIRST_MS} + ${n}::bigint * ${MS_PER_ORDER}), 12, '0') || '7' || substr(md5((${n})::text), 1, 3)
    || '8' || substr(md5((${n})::text), 4, 15))::uuid`;

export const userOf = (n: number): string => String(1_000_000_000 + n);
export const userSql = (n: string): string => `(1000000000 + ${n})::text`;

/** Every tenth order is `pending`: those are the ones T4 is asked about. */
export const PENDING_EVERY = 10;
/** Orders that T2 approves take one piece of `bench-0` … `bench-999`, or all the same. */
export const PRODUCTS = 1_000;
export const HOT_PRODUCT = 'bench-hot';
