import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Attempt } from './attempt.entity';
import { Order } from './order.entity';
import { OrdersController } from './orders.controller';
import { OrdersService } from './orders.service';

@Module({
  controllers: [OrdersController],
  providers: [
    OrdersService,
    {
      provide: DataSource,
      useFactory: () =>
        new DataSource({
          type: 'postgres',
          url: process.env.DATABASE_URL,
          poolSize: 10,
          entities: [Order, Attempt],
          uuidExtension: 'pgcrypto',
          installExtensions: false,
        }).initialize(),
    },
  ],
})
export class ShopModule {}
