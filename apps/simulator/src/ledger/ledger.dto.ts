import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString } from 'class-validator';
import { PAYMENT_STATUSES, type PaymentStatus } from '../payments/payment';

/** Which payments to show. */
export class LedgerQuery {
  /** Of this payment number. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  tid?: string;

  /** Of this order of the shop. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  partnerOrderId?: string;

  /** Of this subscription. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  sid?: string;
}

/** A movement of money. */
export class Movement {
  /** When (UTC). */
  @ApiProperty()
  at: Date;

  /** Request number of KakaoPay. */
  @ApiProperty({ example: 'A1234567890123456789' })
  aid: string;

  /** Won. */
  @ApiProperty({ example: 13_500 })
  amount: number;
}

/** One payment and what really moved. */
export class LedgerItem {
  /** Payment number. */
  @ApiProperty({ example: 'T1234567890123456789' })
  tid: string;

  /** Shop code. */
  @ApiProperty({ example: 'TC0ONETIME' })
  cid: string;

  /** KakaoPay's status of the payment. */
  @ApiProperty({ enum: PAYMENT_STATUSES, example: 'SUCCESS_PAYMENT' })
  status: PaymentStatus;

  /** Order number of the shop. */
  @ApiProperty({ example: '23452366' })
  partnerOrderId: string;

  /** Member id of the shop. */
  @ApiProperty({ example: 'user123' })
  partnerUserId: string;

  /** Goods. */
  @ApiProperty({ example: '아이스 아메리카노 외 1' })
  itemName: string;

  /** Subscription it belongs to. */
  @ApiPropertyOptional({ example: 'S1234567890987654321' })
  sid?: string;

  /** Won asked for in ready. */
  @ApiProperty({ example: 13_500 })
  asked: number;

  /** Won charged in all. */
  @ApiProperty({ example: 13_500 })
  charged: number;

  /** Won given back in all. */
  @ApiProperty({ example: 0 })
  refunded: number;

  /** Every charge; a first amount of 0 shows as a charge of 0. */
  @ApiProperty({ type: () => [Movement] })
  charges: Movement[];

  /** Every cancel. */
  @ApiProperty({ type: () => [Movement] })
  cancels: Movement[];
}

/** Sums over what is shown. */
export class LedgerSums {
  /** Won charged. */
  @ApiProperty({ example: 13_500 })
  charged: number;

  /** Won given back. */
  @ApiProperty({ example: 0 })
  refunded: number;

  /** Won the shop keeps. */
  @ApiProperty({ example: 13_500 })
  kept: number;
}

/** The ledger (원장). */
export class LedgerAnswer {
  /** Payments, oldest first. */
  @ApiProperty({ type: () => [LedgerItem] })
  items: LedgerItem[];

  /** Their sums. */
  @ApiProperty({ type: () => LedgerSums })
  sums: LedgerSums;
}

/** What the user does. */
export class UserAct {
  /** open the screen, authenticate (password), quit, or fail to authenticate. */
  @ApiProperty({ enum: ['open', 'authenticate', 'quit', 'fail'], example: 'authenticate' })
  @IsIn(['open', 'authenticate', 'quit', 'fail'])
  does: 'open' | 'authenticate' | 'quit' | 'fail';
}

/** Where the user is sent next. */
export class UserSent {
  /** Status of the payment now. */
  @ApiProperty({ enum: PAYMENT_STATUSES, example: 'AUTH_PASSWORD' })
  status: PaymentStatus;

  /** Proof of authentication. */
  @ApiPropertyOptional({ example: '5a1b2c3d4e5f' })
  pgToken?: string;

  /** URL the browser opens next; nothing has called it yet. */
  @ApiPropertyOptional({ example: 'http://127.0.0.1:3005/order/callback?pg_token=5a1b2c3d4e5f' })
  redirect?: string;
}
