import 'reflect-metadata';
import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ShopModule } from './nest-typeorm/shop.module';

/** `f` (Express, Nest's default) and `e` (Fastify): what most would write. */
async function main(): Promise<void> {
  const options = { logger: false } as const;
  const app =
    process.argv[2] === 'fastify'
      ? await NestFactory.create(ShopModule, new FastifyAdapter(), options)
      : await NestFactory.create(ShopModule, options);
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
  await app.listen(Number(process.env.PORT), '127.0.0.1');
}

void main();
