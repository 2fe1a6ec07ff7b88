import { BadRequestException, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { SettlementDay, Sum, Sums, TaxKinds } from './settlements.dto';

const DAYS_AT_MOST = 366;
const DAY_MS = 86_400_000;

const SUMS = ['charges', 'refunds', 'surplusCharges', 'surplusRefunds'] as const;
const CONDITIONS: Record<(typeof SUMS)[number], string> = {
  charges: 'charge AND NOT surplus',
  refunds: 'NOT charge AND NOT surplus',
  surplusCharges: 'charge AND surplus',
  surplusRefunds: 'NOT charge AND surplus',
};

/** What the statement answers: bigint sums come as text, and no shop's are beyond 2^53. */
type SumRow = { day: string | null; merchant: string | null } & Record<string, string | null>;

const columnsOf = (name: string, condition: string): string => `
  count(*) FILTER (WHERE ${condition}) AS "${name}.count",
  coalesce(sum(total) FILTER (WHERE ${condition}), 0) AS "${name}.total",
  coalesce(sum(vat) FILTER (WHERE ${condition}), 0) AS "${name}.vat",
  coalesce(sum(tax_free) FILTER (WHERE ${condition}), 0) AS "${name}.taxFree"`;

/** An attempt whose money went back because no order could take it. */
const isSurplus = (attempt: string): string =>
  `EXISTS (SELECT 1 FROM payment.refunds s WHERE s.attempt_id = ${attempt} AND s.cause = 'surplus')`;

/** From day $1 to day $2, of merchant $3 or of all. */
export const SETTLEMENTS = `
  WITH bounds AS (
    SELECT $1::date::timestamp AT TIME ZONE 'Asia/Seoul' AS since, ($2::date + 1)::timestamp AT TIME ZONE 'Asia/Seoul' AS until
  ), movements AS (
    SELECT a.approved_at AS at, a.merchant, true AS charge, ${isSurplus('a.id')} AS surplus,
           a.charged_amount AS total, a.charged_vat AS vat, a.charged_tax_free AS tax_free
      FROM payment.attempts a
     WHERE a.charged_amount > 0 AND a.approved_at >= (SELECT since FROM bounds) AND a.approved_at < (SELECT until FROM bounds)
       AND ($3::text IS NULL OR a.merchant = $3)
    UNION ALL
    SELECT r.done_at, r.merchant, false, ${isSurplus('r.attempt_id')}, r.amount, r.vat_amount, r.tax_free_amount
      FROM payment.refunds r
     WHERE r.state = 'done' AND r.done_at >= (SELECT since FROM bounds) AND r.done_at < (SELECT until FROM bounds)
       AND ($3::text IS NULL OR r.merchant = $3)
  ), by_day AS (
    SELECT (at AT TIME ZONE 'Asia/Seoul')::date::text AS day, merchant, charge, surplus, total, vat, tax_free FROM movements
  )
  SELECT day, merchant, ${SUMS.map((name) => columnsOf(name, CONDITIONS[name])).join(',')}
    FROM by_day GROUP BY GROUPING SETS ((day, merchant), ()) ORDER BY day NULLS LAST, merchant`;

/** What came and went, by our own records: one statement, cut at midnight in Korea. */
@Injectable()
export class SettlementView {
  constructor(private readonly dataSource: DataSource) {}

  /** @param from first day, `YYYY-MM-DD` in Korea @param to last day */
  async between(from: string, to: string, merchant?: string): Promise<{ days: SettlementDay[]; total: Sums }> {
    const days = (dayOf(to, 'to') - dayOf(from, 'from')) / DAY_MS + 1;
    if (days < 1) throw new BadRequestException('to is before from');
    if (days > DAYS_AT_MOST) throw new BadRequestException(`at most ${DAYS_AT_MOST} days at once`);
    const rows = await this.dataSource.query<SumRow[]>(SETTLEMENTS, [from, to, merchant ?? null]);
    return {
      days: rows.flatMap((row) =>
        row.day === null || row.merchant === null
          ? []
          : [Object.assign({ day: row.day, merchant: row.merchant }, sumsOf(row))],
      ),
      total: sumsOf(rows.find(({ day }) => day === null) ?? {}),
    };
  }
}

/** @throws BadRequestException for what is no day of the calendar */
function dayOf(text: string, name: string): number {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) {
    throw new BadRequestException(`${name} is not a day: YYYY-MM-DD`);
  }
  return time;
}

function sumsOf(row: Partial<SumRow>): Sums {
  const [charges, refunds, surplusCharges, surplusRefunds] = SUMS.map((name) => sumOf(row, name)) as [
    Sum,
    Sum,
    Sum,
    Sum,
  ];
  const net = (kind: keyof TaxKinds): number =>
    charges[kind] - refunds[kind] + surplusCharges[kind] - surplusRefunds[kind];
  return {
    charges,
    refunds,
    surplusCharges,
    surplusRefunds,
    net: {
      total: net('total'),
      supplyAmount: net('supplyAmount'),
      vatAmount: net('vatAmount'),
      taxFreeAmount: net('taxFreeAmount'),
    },
  };
}

function sumOf(row: Partial<SumRow>, name: string): Sum {
  const [count, total, vatAmount, taxFreeAmount] = ['count', 'total', 'vat', 'taxFree'].map((column) =>
    Number(row[`${name}.${column}`] ?? 0),
  ) as [number, number, number, number];
  return { count, total, supplyAmount: total - vatAmount - taxFreeAmount, vatAmount, taxFreeAmount };
}
