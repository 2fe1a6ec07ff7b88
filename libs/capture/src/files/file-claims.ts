import { Injectable } from '@nestjs/common';
import { Clock } from '@biz/platform';
import { Merchants } from '@biz/merchant';
import { DataSource } from 'typeorm';
import type { Which } from '../schedule/circuit';
import { RetryTimes } from '../schedule/retry-times';
import { ImageConfig } from '../store/image-store.config';
import { countOf } from './places';

/** After so long without a sign of life the process that claimed a file counts as dead. */
const CLAIM_MS = 5_000;
/** How many files of each merchant are looked at to choose the next: more than one customer can hand over. */
const CHOSEN_FROM = 200;
/** How many more are chosen than are taken: other instances may take some of them at this moment. */
const SPARE = 16;

export interface FileClaim {
  id: string;
  merchant: string;
  capture_id: string;
  sealed_url: string;
  attempts: number;
  deadline_at: Date;
}

/** Chooses which files are fetched next, and says of those under way that they still are. */
@Injectable()
export class FileClaims {
  private readonly merchants: string[];

  constructor(
    private readonly times: RetryTimes,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    private readonly config: ImageConfig,
    merchants: Merchants,
  ) {
    // An instance of the version before names no merchant; its files are fetched as those of one more.
    this.merchants = [...merchants.all.map(({ id }) => id), ''];
  }

  /**
   * Takes so many files at most: in turn of the merchants, of each merchant in turn of its customers, each counted with
   * what this instance fetches already, and then by deadline. A customer with a try that failed or was slow comes after
   * the other customers of the merchant, until its time is nearly over.
   */
  async take(which: Which, most: number, current: readonly FileClaim[]): Promise<FileClaim[]> {
    const now = this.clock.now();
    const order = `${which === 'probe' ? 'attempts, ' : ''}deadline_at, capture_id, picture, variant`;
    const ofCustomers = countOf(current.map(({ capture_id: id }) => id));
    const ofMerchants = countOf(current.map(({ merchant }) => merchant));
    const [claims] = await this.dataSource.query<[FileClaim[], number]>(
      `WITH waiting AS (
         SELECT seen.* FROM unnest($11::text[]) AS shop(merchant) CROSS JOIN unnest(ARRAY[false, true]) AS turn(retrying)
          CROSS JOIN LATERAL (
            SELECT id, merchant, capture_id, retrying, attempts, deadline_at, picture, variant FROM capture.files
             WHERE files.merchant = shop.merchant AND files.retrying = turn.retrying AND state = 'pending' AND due_at > '-infinity'
               AND (claimed_until IS NULL OR claimed_until <= $1) AND ($2 OR due_at <= $1)
               AND deadline_at > $1 AND deadline_at <= $3 AND capture_id <> ALL($9::uuid[]) AND id <> ALL($10::uuid[])
             ORDER BY ${order} LIMIT ${CHOSEN_FROM}) AS seen
       ), of_customer AS (
         SELECT waiting.*, retrying AND deadline_at > $14 AS later,
                coalesce(running, 0) + row_number() OVER (PARTITION BY capture_id ORDER BY ${order}) AS customers_place
           FROM waiting LEFT JOIN unnest($4::uuid[], $5::integer[]) AS busy(capture_id, running) USING (capture_id)
       ), of_merchant AS (
         SELECT of_customer.*,
                coalesce(running, 0) + row_number() OVER (PARTITION BY merchant ORDER BY later, customers_place, ${order}) AS merchants_place
           FROM of_customer LEFT JOIN unnest($12::text[], $13::integer[]) AS busy(merchant, running) USING (merchant)
          WHERE customers_place <= $6
       ), next AS (
         SELECT id, row_number() OVER (ORDER BY merchants_place, later, customers_place, ${order}) AS turn
           FROM of_merchant ORDER BY turn LIMIT $7 + ${SPARE}
       ), chosen AS MATERIALIZED (
         SELECT files.id FROM next JOIN capture.files USING (id)
          WHERE files.state = 'pending' AND (files.claimed_until IS NULL OR files.claimed_until <= $1)
          ORDER BY turn LIMIT $7 FOR UPDATE OF files SKIP LOCKED
       )
       UPDATE capture.files SET claimed_until = $8, attempts = attempts + 1 FROM chosen WHERE files.id = chosen.id
        RETURNING files.id, files.merchant, files.capture_id, sealed_url, attempts, deadline_at`,
      [
        now,
        which === 'probe',
        which === 'urgent' ? this.times.urgentUntil() : 'infinity',
        [...ofCustomers.keys()],
        [...ofCustomers.values()],
        this.config.parallelPerCustomer,
        most,
        new Date(now.getTime() + CLAIM_MS),
        // A customer who has all the downloads that one may have leaves the view to others.
        [...ofCustomers].filter(([, count]) => count >= this.config.parallelPerCustomer).map(([id]) => id),
        // Its claim ran out because no sign of life reached the database: it is still being fetched.
        current.map(({ id }) => id),
        this.merchants,
        [...ofMerchants.keys()],
        [...ofMerchants.values()],
        this.times.urgentUntil(),
      ],
    );
    return claims;
  }

  /** What was put back just now stays so. */
  keep(files: readonly FileClaim[]): Promise<unknown> {
    const until = new Date(this.clock.now().getTime() + CLAIM_MS);
    return this.dataSource.query(
      `UPDATE capture.files SET claimed_until = $2 WHERE id = ANY($1) AND state = 'pending' AND claimed_until IS NOT NULL`,
      [files.map(({ id }) => id), until],
    );
  }

  /** From now on the files of this customer come after those of others: a try failed or was slow. */
  async putLater(captureId: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE capture.files SET retrying = true WHERE capture_id = $1 AND state = 'pending' AND NOT retrying`,
      [captureId],
    );
  }

  /** Each file that waits for its next try has it now. */
  async pullForward(): Promise<void> {
    await this.dataSource.query(
      `UPDATE capture.files SET due_at = $1 WHERE state = 'pending' AND due_at > $1 AND claimed_until IS NULL`,
      [this.clock.now()],
    );
  }
}
