import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { pageDto, PageQuery } from '@biz/platform';
import { SHOP_EVENT_TYPES } from '../events/shop-event';
import type { ShopEventType } from '../events/shop-event';
import { DELIVERY_STATES } from './delivery.entity';
import type { Delivery, DeliveryAttempt, DeliveryState } from './delivery.entity';

export class DeliveriesQuery extends PageQuery {
  /** Only deliveries in this state */
  @ApiProperty({ enum: DELIVERY_STATES, enumName: 'DeliveryState', required: false })
  @IsOptional()
  @IsIn(DELIVERY_STATES)
  state?: DeliveryState;
}

/** Something a merchant is owed; what it says is not shown. */
export class DeliveryDto {
  /** Also the `webhook-id` header, the same on every try */
  id: string;

  merchant: string;

  @ApiProperty({ enum: SHOP_EVENT_TYPES, enumName: 'ShopEventType' })
  type: ShopEventType;

  @ApiProperty({ enum: DELIVERY_STATES, enumName: 'DeliveryState' })
  state: DeliveryState;

  /** Id of what it is about: a capture, a partner order id, a member */
  subject: string;

  relayId?: string;

  createdAt: Date;

  /** When it was delivered or given up */
  settledAt?: Date;

  static of({ id, merchant, type, state, subject, relayId, createdAt, settledAt }: Delivery): DeliveryDto {
    return {
      id,
      merchant,
      type,
      state,
      subject,
      ...(relayId !== null && { relayId }),
      createdAt,
      ...(settledAt && { settledAt }),
    };
  }
}

export class DeliveryPage extends pageDto(DeliveryDto) {}

/** One try of a delivery. */
export class DeliveryTryDto {
  /** When it began */
  at: Date;

  /** Milliseconds until the shop answered, or did not */
  @ApiProperty({ type: 'integer' })
  durationMs: number;

  /** HTTP status of the webhook, when it answered */
  @ApiProperty({ type: 'integer', required: false })
  status?: number;

  /** `ok`, or the kind of fault */
  result: string;

  static of({ at, durationMs, status, result }: DeliveryAttempt): DeliveryTryDto {
    return { at, durationMs, ...(status !== null && { status }), result };
  }
}

/** A delivery with all that was tried. */
export class DeliveryDetailDto extends DeliveryDto {
  /** Oldest first */
  @ApiProperty({ type: [DeliveryTryDto] })
  tries: DeliveryTryDto[];
}
