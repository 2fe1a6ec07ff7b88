import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';

/** Which events to show. */
export class EventsQuery {
  /** Of this type, such as payment.paid. */
  @ApiPropertyOptional({ example: 'payment.paid' })
  @IsOptional()
  @IsString()
  type?: string;

  /** About this relay id. */
  @ApiPropertyOptional({ example: 'sim-1a2b3c4d' })
  @IsOptional()
  @IsString()
  relayId?: string;
}

/** One delivery as the shop received it. */
export class ShopEvent {
  /** When it came (UTC). */
  receivedAt: Date;

  /** The same on every try of a delivery. */
  webhookId: string;

  /** 1 for the first arrival of this id; a shop must do nothing on the others. */
  arrival: number;

  /** Whether signature and timestamp were right. */
  verified: boolean;

  /** Why not. */
  reason?: string;

  /** What happened. */
  type: string;

  /** When it happened (UTC). */
  timestamp: string;

  /** The facts. */
  data: Record<string, unknown>;
}

/** What the shop received, oldest first. */
export class ShopEvents {
  items: ShopEvent[];
}
