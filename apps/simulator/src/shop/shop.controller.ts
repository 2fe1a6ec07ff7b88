import { Controller, Delete, Get, Post, Query, Req } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Played } from '../wire/played';
import { WireAnswer } from '../wire/wire-answer';
import { Inbox } from './inbox';
import { EventsQuery, ShopEvents } from './shop.dto';

@ApiTags("The shop's inbox")
@Controller('shop')
export class ShopController {
  constructor(private readonly inbox: Inbox) {}

  /** Receives a delivery as a shop's own server would (가맹점 웹훅 수신). */
  @Post('webhook')
  @Played('shop', 'shop', '가맹점에 전달 (delivery to the shop)')
  @ApiOperation({
    description:
      'Checks the Standard Webhooks signature with DEMO_SHOP_WEBHOOK_SECRET. Order faults of the point `shop` to answer slowly or with 5xx.',
  })
  @ApiHeader({ name: 'webhook-id', description: 'The same on every try' })
  @ApiHeader({ name: 'webhook-timestamp', description: 'Seconds since 1970' })
  @ApiHeader({ name: 'webhook-signature', description: '`v1,` and base64; several separated by spaces' })
  @ApiResponse({ status: 200, description: 'Received' })
  @ApiResponse({ status: 401, description: 'Signature or timestamp is wrong; kept in the inbox, marked so' })
  receive(@Req() request: FastifyRequest): unknown {
    const event = this.inbox.receive(request);
    if (!event.verified) throw new WireAnswer(401, { received: false, reason: event.reason });
    return { received: true };
  }

  /** Shows what the shop received, oldest first. */
  @Get('events')
  @ApiOkResponse({ type: ShopEvents })
  events(@Query() query: EventsQuery): ShopEvents {
    return { items: this.inbox.find(query) };
  }

  /** Empties the inbox. */
  @Delete('events')
  @ApiOkResponse({ description: 'Emptied' })
  clear(): { cleared: true } {
    this.inbox.clear();
    return { cleared: true };
  }
}
