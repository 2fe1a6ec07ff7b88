import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@biz/platform';
import type { OtpKind } from '@biz/otp-client';
import { Merchants } from '@biz/merchant';
import { DataSource } from 'typeorm';
import { CAPTURE_KIND } from '../records/capture-kind';
import type { Capture } from '../records/capture.entity';
import { Captures } from '../records/captures';
import type { Which } from '../schedule/circuit';
import { RetryTimes } from '../schedule/retry-times';
import { Turns } from './turns';

/** After so long without a sign of life the process that claimed a capture counts as dead. */
const CLAIM_MS = 5_000;
/** How many captures of each merchant are looked at to choose the next: more than one merchant may have under way. */
const CHOSEN_FROM = 64;
/** How many more are chosen than are taken: other instances may take some of them at this moment. */
const SPARE = 16;

/** Which of those who wait; what is urgent and what is held is found without reading the rest. */
const OF: Record<Which | 'held', string> = {
  due: 'due_at <= $2',
  urgent: 'due_at <= $2',
  held: 'due_at <= $2 AND sealed_answer IS NOT NULL',
  // Due or not; reading what is held asks nobody.
  probe: 'sealed_answer IS NULL',
};

/** Chooses which captures are redeemed next, and says of those under way that they still are. */
@Injectable()
export class CaptureClaims {
  private readonly merchants: string[];

  constructor(
    @Inject(CAPTURE_KIND) private readonly kind: OtpKind,
    private readonly captures: Captures,
    private readonly times: RetryTimes,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    merchants: Merchants,
  ) {
    this.merchants = merchants.all.map(({ id }) => id);
  }

  /**
   * Takes so many at most: in turn of the merchants' customers, each counted with what this instance has under way, and
   * then by deadline. A try that failed, and a customer whose call is slow just now, comes after the other customers of
   * the merchant, until its time is nearly over.
   */
  async take(which: Which | 'held', most: number, turns: Turns): Promise<Capture[]> {
    const now = this.clock.now();
    // One that never succeeds is not the only one that Kakao is probed with.
    const order = `${which === 'probe' ? 'tries, ' : ''}deadline_at, id`;
    // Reading what is held asks nobody: whose it is does not matter, and its index knows no turns.
    const [lists, inList] = which === 'held' ? ['false', 'true'] : ['false, true', 'captures.retrying = turn.retrying'];
    const [rows] = await this.dataSource.query<[Record<string, unknown>[], number]>(
      `WITH waiting AS (
         SELECT seen.* FROM unnest($3::text[]) AS shop(merchant) CROSS JOIN unnest(ARRAY[${lists}]) AS turn(retrying)
          CROSS JOIN LATERAL (
            SELECT id, merchant, relay_id, retrying, tries, deadline_at FROM capture.captures
             WHERE kind = $1 AND captures.merchant = shop.merchant AND ${inList} AND state = 'pending' AND due_at > '-infinity'
               AND (claimed_until IS NULL OR claimed_until <= $2) AND deadline_at <= $4 AND ${OF[which]}
               AND id <> ALL($5::uuid[]) AND (relay_id IS NULL OR relay_id <> ALL($6::text[]))
             ORDER BY ${order} LIMIT ${CHOSEN_FROM}) AS seen
       ), of_customer AS (
         SELECT waiting.*, (retrying OR coalesce(slow, false)) AND deadline_at > $7 AS later,
                coalesce(running, 0) + row_number() OVER (PARTITION BY merchant, coalesce(relay_id, id::text) ORDER BY ${order}) AS customers_place
           FROM waiting LEFT JOIN unnest($8::text[], $9::integer[], $10::boolean[]) AS busy(relay_id, running, slow) USING (relay_id)
       ), of_merchant AS (
         SELECT of_customer.*,
                coalesce(running, 0) + row_number() OVER (PARTITION BY merchant ORDER BY later, customers_place, ${order}) AS merchants_place
           FROM of_customer LEFT JOIN unnest($11::text[], $12::integer[]) AS busy(merchant, running) USING (merchant)
          WHERE customers_place <= ${Turns.OF_A_CUSTOMER}
       ), next AS (
         SELECT id, row_number() OVER (ORDER BY later, ${order}) AS turn
           FROM of_merchant WHERE merchants_place <= ${Turns.OF_A_MERCHANT} ORDER BY turn LIMIT $13 + ${SPARE}
       ), due AS MATERIALIZED (
         SELECT captures.id FROM next JOIN capture.captures USING (id)
          WHERE captures.state = 'pending' AND (captures.claimed_until IS NULL OR captures.claimed_until <= $2)
          ORDER BY turn LIMIT $13 FOR UPDATE OF captures SKIP LOCKED
       )
       UPDATE capture.captures SET claimed_until = $14, tries = tries + 1 FROM due WHERE captures.id = due.id
       RETURNING captures.*`,
      [
        this.kind,
        now,
        this.merchants,
        which === 'urgent' ? this.times.urgentUntil() : 'infinity',
        // Its claim ran out because no sign of life reached the database: Kakao was asked, and its answer is held here.
        turns.ids,
        turns.fullCustomers,
        this.times.urgentUntil(),
        ...turns.customers,
        ...turns.merchants,
        most,
        new Date(now.getTime() + CLAIM_MS),
      ],
    );
    return rows.map((row) => this.captures.read(row));
  }

  /** What was put back just now stays so. */
  keep(captures: readonly Capture[]): Promise<unknown> {
    return this.dataSource.query(
      `UPDATE capture.captures SET claimed_until = $2 WHERE id = ANY($1) AND state = 'pending' AND claimed_until IS NOT NULL`,
      [captures.map(({ id }) => id), new Date(this.clock.now().getTime() + CLAIM_MS)],
    );
  }
}
