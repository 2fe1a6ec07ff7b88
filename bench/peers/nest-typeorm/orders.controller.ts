import { Body, Catch, Controller, Get, Headers, HttpCode, Post, Query, UseFilters } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApproveBody, SheetQuery, StatusQuery } from './orders.dto';
import { OrdersService, Refused } from './orders.service';

@Catch(Refused)
export class RefusedFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch({ status, message }: Refused, context: ArgumentsHost): void {
    const { httpAdapter } = this.host;
    httpAdapter.reply(context.switchToHttp().getResponse(), { status, message }, 200);
  }
}

@Controller()
@UseFilters(RefusedFilter)
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get('order/status')
  async status(@Headers('x-kakao-appuserid') user: string | undefined, @Query() query: StatusQuery): Promise<object> {
    return { status: 200, data: await this.orders.status(known(user), query.order_id) };
  }

  @Get('ordersheet')
  async sheet(@Headers('x-kakao-appuserid') user: string | undefined, @Query() query: SheetQuery): Promise<object> {
    return { status: 200, data: await this.orders.sheet(known(user), query.ordersheet_id) };
  }

  @Post('order/approve')
  @HttpCode(200)
  async approve(@Headers('x-kakao-appuserid') user: string | undefined, @Body() body: ApproveBody): Promise<object> {
    await this.orders.approve(known(user), body.partner_order_id, body.tid);
    return { status: 200 };
  }
}

function known(user: string | undefined): string {
  if (!user) throw new Refused(400, '유저의 인증 정보가 올바르지 않습니다.');
  return user;
}
