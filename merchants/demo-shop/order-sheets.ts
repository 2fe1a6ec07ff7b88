import { Injectable } from '@nestjs/common';
import { OrderSheetSource } from '@biz/merchant';
import type { Buyer, OrderAgreement, OrderSheet, ScheduledCharge } from '@biz/merchant';

const AGREEMENTS: OrderAgreement[] = [
  { company: '데모샵', title: '구매조건 확인 및 결제진행 동의', url: 'https://www.kakao.com' },
];

/** Jeju and the islands around it (도서산간). */
const ISLAND_ZIP_CODES = { first: 63_000, last: 63_644 };
const ISLAND_SHIPPING = 3_000;
const MUG_PRICE = 12_000;

/** Three order sheets, one for each kind of payment; drafts of the option plugin are found without code. */
@Injectable()
export class DemoOrderSheets extends OrderSheetSource {
  load(orderSheetId: string, { zipCode }: Buyer): Promise<OrderSheet | undefined> {
    return Promise.resolve(sheetOf(orderSheetId, zipCode));
  }
}

function sheetOf(id: string, zipCode: string | undefined): OrderSheet | undefined {
  switch (id) {
    case 'sheet-coffee':
      return {
        lines: [
          { name: '아이스 아메리카노', quantity: 2 },
          { name: '치즈 케이크', quantity: 1 },
        ],
        totalAmount: 13_500,
        needsShipping: false,
        agreements: AGREEMENTS,
        repeatable: true,
      };
    case 'sheet-mug':
      return {
        lines: [{ name: '데모샵 머그', quantity: 1, productId: 'mug' }],
        totalAmount: MUG_PRICE + (isIsland(zipCode) ? ISLAND_SHIPPING : 0),
        shippingAmount: isIsland(zipCode) ? ISLAND_SHIPPING : 0,
        needsShipping: true,
        agreements: AGREEMENTS,
      };
    case 'sheet-subscription':
      return {
        lines: [{ name: '정기 이용권', quantity: 1 }],
        totalAmount: 0,
        needsShipping: false,
        agreements: AGREEMENTS,
        subscription: {
          // It goes on after the four days that are shown, so the buyer is told.
          message: '첫달만 무료, 넷째 달부터 해지할 때까지 매월 15,000원',
          billingCycle: '월',
          details: monthlyFrom(new Date(), [0, 5_000, 10_000, 15_000]),
          ends: 'never',
        },
      };
    default:
      return undefined;
  }
}

function isIsland(zipCode: string | undefined): boolean {
  const zip = Number(zipCode);
  return zip >= ISLAND_ZIP_CODES.first && zip <= ISLAND_ZIP_CODES.last;
}

const KST_OFFSET_MS = 9 * 3_600_000;

/** One charge a month from today on in Korea; the 31st falls on a month's last day. */
function monthlyFrom(now: Date, amounts: number[]): ScheduledCharge[] {
  const today = new Date(now.getTime() + KST_OFFSET_MS);
  const [year, month, day] = [today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate()];
  return amounts.map((amount, months) => {
    const lastDay = new Date(Date.UTC(year, month + months + 1, 0)).getUTCDate();
    const date = new Date(Date.UTC(year, month + months, Math.min(day, lastDay)));
    return { date: date.toISOString().slice(0, 10), amount };
  });
}
