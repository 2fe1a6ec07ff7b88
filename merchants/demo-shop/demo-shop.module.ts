import { Module } from '@nestjs/common';
import { OrderPolicy, OrderSheetSource } from '@biz/merchant';
import { DemoOrderPolicy } from './order-policy';
import { DemoOrderSheets } from './order-sheets';

/** The ports that Demo Shop implements itself; everything else works by configuration. */
@Module({
  providers: [
    { provide: OrderSheetSource, useClass: DemoOrderSheets },
    { provide: OrderPolicy, useClass: DemoOrderPolicy },
  ],
})
export class DemoShopModule {}
