import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** `constant`: what Nest on Fastify can do at most, since it does nothing. */
@Controller()
class ConstantController {
  @Get('order/status')
  status(): object {
    return { status: 200, data: { order_status: 'W' } };
  }
}

@Module({ controllers: [ConstantController] })
class ConstantModule {}

void NestFactory.create(ConstantModule, new FastifyAdapter(), { logger: false }).then((app) =>
  app.listen(Number(process.env.PORT), '127.0.0.1'),
);
