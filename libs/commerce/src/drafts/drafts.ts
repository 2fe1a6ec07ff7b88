import {
  Clock,
  gather,
  inOrderOf,
  newId,
  OpenLimits,
  parseOwnJson,
  prepared,
  RuntimeConfig,
  tableRows,
  Vault,
} from '@biz/platform';
import type { OpenKind } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { Problem } from '@biz/platform';
import type { Offer } from '../products/products';
import { priceSelection } from '../selection/price-selection';
import type { Answer, Chosen } from '../selection/selection';
import type { Draft, DraftNow, DraftState, NewDraft, PayableDraft } from './draft';
import { DraftRow } from './draft.entity';
import { termsOf } from './draft-price';
import { DraftsConfig } from './drafts.config';

/** Long enough for a shop that missed the event to have it sent again; also what the table gives rows that say nothing. */
const RETAIN_DAYS = 30;
const DAY_SECONDS = 86_400;

const OTHER_PRICE = '상품 가격이 변경되었습니다. 옵션을 다시 선택해 주세요.';
const CHOOSE_AGAIN = '옵션을 다시 선택해 주세요.';
const SEALED_FOR = 'commerce.draft';

/** Drafts that may still be paid. `-infinity` names their index, which no other statement is to use. */
const HELD_OPEN = `held.paid_at IS NULL AND held.expires_at > '-infinity'`;
const OPEN_DRAFTS: OpenKind = {
  what: 'drafts',
  full: `
    SELECT merchant FROM unnest($1::text[]) AS asked (merchant)
     WHERE (SELECT count(*) FROM (SELECT FROM commerce.drafts AS held
             WHERE held.merchant_id = asked.merchant AND ${HELD_OPEN} AND held.expires_at > $2 LIMIT $3) AS counted) >= $3`,
  messages: {
    customer: '결제하지 않은 선택이 너무 많습니다. 잠시 후 다시 시도해 주세요.',
    merchant: '지금은 주문이 많아 선택을 저장할 수 없습니다. 잠시 후 다시 시도해 주세요.',
  },
};

interface Inserted {
  isNew: boolean;
  /** False when the customer holds as much open as one may. */
  hasRoom: boolean;
}
const NOT_STORED: Inserted = { isNew: false, hasRoom: false };

/** The answers are sealed, and opening them takes longer than the read. */
const WITHOUT_ANSWERS = `d.id, d.merchant_id AS "merchantId", d.app_user_id AS "appUserId", d.relay_id AS "relayId",
  d.product_id AS "productId", d.product_version AS "productVersion", d.product_name AS "productName",
  d.product_kind AS "productKind", d.quantity, d.total, d.tax_free_amount AS "taxFreeAmount",
  d.terms, d.use_shipping AS "useShipping", d.lines, d.created_at AS "createdAt",
  d.expires_at AS "expiresAt", d.paid_at AS "paidAt", d.order_ref AS "orderRef"`;

type PayableRow = Omit<DraftRow, 'chosenSealed' | 'fingerprint' | 'eraseAt' | 'erasedAt'>;
type NowRow = PayableRow & { unchanged: boolean; short: boolean };

@Injectable()
export class Drafts {
  private readonly read = gather((ids: readonly string[]) => this.readAll(ids), { size: 32, inFlight: 3 });

  constructor(
    private readonly dataSource: DataSource,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly config: DraftsConfig,
    private readonly runtime: RuntimeConfig,
    private readonly limits: OpenLimits,
  ) {}

  /**
   * Keeps a selection until it is paid or expires.
   *
   * The same selection of the same user and relay id answers the open draft it already has, however often and
   * concurrently it comes. Somebody without either is nobody in particular: every call is a new draft.
   * @returns `created` is false for a draft that was there before
   * @throws Refusal 500 when the customer, or all customers of the merchant, hold too much open already
   */
  async store(manager: EntityManager, draft: NewDraft): Promise<{ draft: Draft; created: boolean }> {
    const row = await this.rowOf(draft);
    const fullMerchants = await this.limits.fullMerchants(OPEN_DRAFTS, [row.merchantId], manager);
    const isFull = fullMerchants.has(row.merchantId);
    for (;;) {
      const { isNew, hasRoom } = isFull ? NOT_STORED : await this.insert(manager, row);
      if (isNew) return { draft: this.show(row, draft.priced.chosen), created: true };
      const fingerprint = row.fingerprint ?? '';
      // The lock keeps a payment from ending the draft while its id is given out again.
      const found = await manager
        .createQueryBuilder(DraftRow, 'draft')
        .setLock('pessimistic_write')
        .where({ merchantId: draft.merchantId, fingerprint })
        .getOne();
      if (found !== null && this.stateOf(found) === 'open')
        return { draft: this.show(found, draft.priced.chosen), created: false };
      if (!hasRoom) throw this.limits.refused(OPEN_DRAFTS, isFull ? 'merchant' : 'customer', row.merchantId);
      if (found !== null) await manager.update(DraftRow, { id: found.id, fingerprint }, { fingerprint: null });
    }
  }

  /** Correct to within the calls of the same moment, which do not see each other's drafts. */
  private async insert(manager: EntityManager, row: DraftRow): Promise<Inserted> {
    const { names, rows } = tableRows(this.dataSource, DraftRow, [row]);
    const [inserted] = await prepared<Inserted>(
      manager,
      `WITH given AS (
         SELECT * FROM json_populate_record(NULL::commerce.drafts, $1)
       ), room AS (
         SELECT given.app_user_id IS NULL OR (
                  SELECT count(*) FROM (SELECT FROM commerce.drafts AS held
                   WHERE held.merchant_id = given.merchant_id AND held.app_user_id = given.app_user_id
                     AND ${HELD_OPEN} AND held.expires_at > $2 LIMIT $3) AS counted) < $3 AS has_room FROM given
       ), stored AS (
         INSERT INTO commerce.drafts (${names}) SELECT ${names} FROM given, room WHERE has_room ON CONFLICT DO NOTHING RETURNING id
       )
       SELECT has_room AS "hasRoom", EXISTS (SELECT FROM stored) AS "isNew" FROM room`,
      [JSON.stringify(rows[0]), row.createdAt, this.limits.ofCustomer],
    );
    return inserted ?? NOT_STORED;
  }

  /** What payment T1 needs, in whatever state it is. An id that is none finds nothing. Asked together, read together. */
  async find(merchantId: string, id: string): Promise<DraftNow | undefined> {
    const row = UUID.test(id) ? await this.read(id.toLowerCase()) : undefined;
    if (row?.merchantId !== merchantId) return undefined;
    return { ...this.facts(row), unchanged: row.unchanged, short: row.short };
  }

  /**
   * Prices what was chosen by the product as it is now.
   *
   * The customer agreed to a sum: another one, higher or lower, is a problem like an option that is gone.
   */
  async priceAgain(
    draft: PayableDraft,
    { product, left, version }: Offer,
  ): Promise<{ ok: true; draft: PayableDraft } | { ok: false; problems: Problem[] }> {
    const row = await this.dataSource.manager.findOneByOrFail(DraftRow, { id: draft.id });
    const chosen = await this.openChosen(row);
    if (chosen === undefined) return { ok: false, problems: [{ path: 'chosen', message: CHOOSE_AGAIN }] };
    const selection = {
      productId: product.id,
      ...(product.price !== undefined && { price: product.price }),
      quantity: draft.quantity,
      answers: chosen.map(answerOf),
    };
    const result = priceSelection(product, selection, left);
    if (!result.ok) return result;
    const { total, taxFreeAmount, lines } = result.priced;
    if (total !== draft.total) return { ok: false, problems: [{ path: 'total', message: OTHER_PRICE }] };
    const { name: productName, kind: productKind, useShipping = false } = product;
    const taken = version === null ? [] : lines;
    const now = { productName, productKind, taxFreeAmount, terms: termsOf(product), useShipping, lines: taken };
    return { ok: true, draft: { ...draft, ...now } };
  }

  /** For the operator, who knows no merchant by the id. Answers whose key is gone can be erased, not opened. */
  async findById(id: string, { answers = true } = {}): Promise<Draft | undefined> {
    if (!UUID.test(id)) return undefined;
    const row = await this.dataSource.manager.findOneBy(DraftRow, { id });
    return row === null ? undefined : this.show(row, answers ? await this.openChosen(row) : undefined);
  }

  /**
   * Ends an open draft with the order that paid it.
   *
   * Safe to repeat for the same order. Expiry does not stop it: an order made in time may be paid late. The days for which
   * the answers are kept begin then.
   * @returns false when another order paid it before; a draft that was deleted meanwhile was paid by none, or it would be there
   */
  async markPaid(manager: EntityManager, merchantId: string, id: string, orderRef: string): Promise<boolean> {
    if (!UUID.test(id)) return false;
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE commerce.drafts SET paid_at = coalesce(paid_at, $4), order_ref = $3, fingerprint = NULL,
              erase_at = CASE WHEN paid_at IS NULL THEN $4::timestamptz + (erase_at - expires_at) ELSE erase_at END
       WHERE merchant_id = $1 AND id = $2 AND (paid_at IS NULL OR order_ref = $3)`,
      [merchantId, id, orderRef, this.clock.now()],
    );
    return count === 1 || !(await manager.existsBy(DraftRow, { id }));
  }

  /** Drafts whose answers were kept long enough, those first that are so the longest. */
  async due(most: number, except: readonly string[]): Promise<Pick<Draft, 'id' | 'merchantId'>[]> {
    return this.dataSource.query(
      `SELECT id, merchant_id AS "merchantId" FROM commerce.drafts
        WHERE chosen_sealed IS NOT NULL AND erase_at <= $1 AND id <> ALL($2::uuid[]) ORDER BY erase_at, id LIMIT $3`,
      [this.clock.now(), except, most],
    );
  }

  /**
   * Forgets what the customer answered; what was ordered, for how much and when stays.
   *
   * @returns false when there is nothing to forget, or the draft is open: it is priced by its answers
   */
  async erase(manager: EntityManager, id: string): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE commerce.drafts SET chosen_sealed = NULL, fingerprint = NULL, erased_at = $2
        WHERE id = $1 AND chosen_sealed IS NOT NULL AND (paid_at IS NOT NULL OR expires_at <= $2)`,
      [id, this.clock.now()],
    );
    return count === 1;
  }

  private async rowOf({
    merchantId,
    appUserId,
    relayId,
    product,
    productVersion,
    priced,
    retainDays = RETAIN_DAYS,
  }: NewDraft): Promise<DraftRow> {
    const now = this.clock.now();
    const after = (time: Date, seconds: number): Date =>
      new Date(time.getTime() + seconds * this.runtime.retryTimeScale * 1000);
    const expiresAt = after(now, this.config.ttlSeconds);
    const chosen = JSON.stringify(priced.chosen);
    const known = appUserId !== undefined || relayId !== undefined;
    const whole = JSON.stringify([
      appUserId ?? null,
      relayId ?? null,
      product.id,
      priced.quantity,
      priced.total,
      chosen,
    ]);
    return {
      id: newId(),
      merchantId,
      fingerprint: known ? this.vault.fingerprint(whole, SEALED_FOR) : null,
      appUserId: appUserId ?? null,
      relayId: relayId ?? null,
      productId: product.id,
      productVersion,
      productName: product.name,
      productKind: product.kind,
      quantity: priced.quantity,
      total: priced.total,
      taxFreeAmount: priced.taxFreeAmount,
      terms: termsOf(product),
      useShipping: product.useShipping ?? false,
      lines: priced.lines,
      chosenSealed: await this.vault.seal(chosen, SEALED_FOR),
      createdAt: now,
      expiresAt,
      paidAt: null,
      orderRef: null,
      eraseAt: after(expiresAt, retainDays * DAY_SECONDS),
      erasedAt: null,
    };
  }

  private async openChosen({ chosenSealed }: DraftRow): Promise<Chosen[] | undefined> {
    if (chosenSealed === null) return undefined;
    return parseOwnJson(await this.vault.open(chosenSealed, SEALED_FOR)) as Chosen[];
  }

  private stateOf({ paidAt, expiresAt }: PayableRow): DraftState {
    if (paidAt !== null) return 'paid';
    return expiresAt <= this.clock.now() ? 'expired' : 'open';
  }

  private async readAll(ids: readonly string[]): Promise<(NowRow | undefined)[]> {
    const rows = await prepared<NowRow>(
      this.dataSource,
      `SELECT ${WITHOUT_ANSWERS}, coalesce(p.version = d.product_version, false) AS unchanged,
              EXISTS (
                SELECT FROM jsonb_to_recordset(d.lines) AS l ("productId" text, sku text, quantity integer)
                LEFT JOIN commerce.stock s
                  ON s.merchant_id = d.merchant_id AND s.product_id = l."productId" AND s.sku = l.sku
                WHERE coalesce(s.on_hand - s.reserved, 0) < l.quantity
              ) AS short
         FROM commerce.drafts d
         LEFT JOIN commerce.products p ON p.merchant_id = d.merchant_id AND p.id = d.product_id
        WHERE d.id = ANY($1::uuid[])`,
      [ids],
    );
    return inOrderOf(ids, rows);
  }

  private show(row: DraftRow, chosen: Chosen[] | undefined): Draft {
    const { eraseAt, erasedAt } = row;
    return { ...this.facts(row), ...(chosen && { chosen }), eraseAt, ...(erasedAt && { erasedAt }) };
  }

  private facts(row: PayableRow): PayableDraft {
    const { id, merchantId, productId, productName, productKind, quantity, total, lines, useShipping } = row;
    const { taxFreeAmount, terms, createdAt, expiresAt, appUserId, relayId, paidAt, orderRef, productVersion } = row;
    return {
      id,
      merchantId,
      state: this.stateOf(row),
      productId,
      productName,
      productKind,
      quantity,
      total,
      taxFreeAmount,
      terms,
      lines,
      useShipping,
      createdAt,
      expiresAt,
      ...(productVersion !== null && { productVersion }),
      ...(appUserId !== null && { appUserId }),
      ...(relayId !== null && { relayId }),
      ...(paidAt !== null && { paidAt }),
      ...(orderRef !== null && { orderRef }),
    };
  }
}

/** What the customer answered, so that it can be asked again. */
function answerOf({ groupId, optionId, addPrice, quantity, extra, text }: Chosen): Answer {
  return {
    groupId,
    ...(optionId !== undefined && { optionId }),
    ...(addPrice !== undefined && { addPrice }),
    ...(quantity !== undefined && { quantity }),
    ...(extra !== undefined && { extra }),
    ...(text !== undefined && { text }),
  };
}

/** Postgres would answer an error for anything else. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
